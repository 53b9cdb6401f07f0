/* See notify_message.h. */
#include "core/fleet/notify_message.h"

#include "base/num.h"
#include "core/limits.h"

#include <stdint.h>
#include <string.h>

enum { NUMBER_MAX = 24, ERROR_MAX = 4095 /* the kernel's own */ };

struct value {
    const char *text;
    size_t len;
};

static bool is(struct value v, const char *text)
{
    return v.len == strlen(text) && memcmp(v.text, text, v.len) == 0;
}

static bool read_number(struct value v, uint64_t min, uint64_t max, uint64_t *out)
{
    char text[NUMBER_MAX];
    if (v.len >= sizeof text || memchr(v.text, '\0', v.len))
        return false;
    memcpy(text, v.text, v.len);
    text[v.len] = '\0';
    return num_parse_u64(text, min, max, out) == 0;
}

static bool take_ready(struct notify_message *m, struct value v)
{
    m->wish.ready = m->wish.ready || is(v, "1");
    return is(v, "1");
}

static bool take_stopping(struct notify_message *m, struct value v)
{
    m->wish.stopping = m->wish.stopping || is(v, "1");
    return is(v, "1");
}

static bool take_watchdog(struct notify_message *m, struct value v)
{
    m->wish.alive = m->wish.alive || is(v, "1");
    m->wish.trigger = m->wish.trigger || is(v, "trigger");
    return is(v, "1") || is(v, "trigger");
}

static bool take_interval(struct notify_message *m, struct value v)
{
    usec_t interval = 0;
    if (!is(v, "0") && !read_number(v, LIMIT_WATCHDOG_MIN_USEC, UINT64_MAX, &interval))
        return false;
    m->wish.sets_interval = true;
    /* Longer than a day is as good as none. */
    m->wish.interval = interval > USEC_PER_DAY ? 0 : interval;
    return true;
}

static bool take_extension(struct notify_message *m, struct value v)
{
    return read_number(v, 1, USEC_PER_DAY, &m->wish.extend);
}

static bool take_status(struct notify_message *m, struct value v)
{
    m->status = v.text;
    m->status_len = v.len;
    return true;
}

static bool take_error(struct notify_message *m, struct value v)
{
    uint64_t error = 0;
    if (!read_number(v, 0, ERROR_MAX, &error))
        return false;
    m->has_error = true;
    m->error = (int)error;
    return true;
}

static bool take_barrier(struct notify_message *m, struct value v)
{
    (void)m;
    return is(v, "1");
}

static bool take_line(struct notify_message *m, const char *line, size_t len)
{
    static const struct {
        const char *name;
        bool (*take)(struct notify_message *m, struct value v);
    } names[] = {
        {"READY", take_ready},
        {"STOPPING", take_stopping},
        {"WATCHDOG", take_watchdog},
        {"WATCHDOG_USEC", take_interval},
        {"EXTEND_TIMEOUT_USEC", take_extension},
        {"STATUS", take_status},
        {"ERRNO", take_error},
        {"BARRIER", take_barrier},
    };
    const char *equals = memchr(line, '=', len);
    if (!equals)
        return false;
    size_t name_len = (size_t)(equals - line);
    struct value v = {.text = equals + 1, .len = len - name_len - 1};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (is((struct value){line, name_len}, names[i].name))
            return names[i].take(m, v);
    }
    return false;
}

bool notify_message_parse(const char *data, size_t len, struct notify_message *out)
{
    struct notify_message m = {0};
    bool understood = false;
    if (len > 0 && data[len - 1] == '\0')
        len--;
    while (len > 0) {
        const char *feed = memchr(data, '\n', len);
        size_t line = feed ? (size_t)(feed - data) : len;
        understood = take_line(&m, data, line) || understood;
        line += feed != NULL;
        data += line;
        len -= line;
    }
    if (understood)
        *out = m;
    return understood;
}

bool notify_wish_is_empty(const struct notify_wish *wish)
{
    return !wish->ready && !wish->stopping && !wish->alive && !wish->trigger &&
           !wish->sets_interval && wish->extend == 0;
}
