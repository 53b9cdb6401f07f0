/* The document as a whole: its beginning, its version, its end. */
#include "core/saved/saved_field.h"

#include "base/num.h"
#include "core/json_scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fleet_slot saved_unused_slot(const struct fleet *f)
{
    struct fleet_slot slot = {.worker = worker_initial(),
        .restart = restart_initial(),
        .prober = prober_initial(),
        .watchdog = watchdog_initial(0)};
    slot.prober.dependency = f->dependency;
    return slot;
}

void saved_init(struct saved *s)
{
    memset(s, 0, sizeof *s);
    fleet_init(&s->fleet);
    s->drain = drain_initial();
}

void saved_fini(struct saved *s)
{
    free(s->config);
    free(s->previous);
    s->config = NULL;
    s->previous = NULL;
}

static size_t skip_white(const char *text, size_t len, size_t at)
{
    while (at < len && text[at] && strchr(" \t\r\n", text[at]))
        at++;
    return at;
}

/* The two members around the state. */
static int open_document(const char *text, size_t len, uint64_t *out_version,
    struct json_member *out_state, struct err *e)
{
    struct json_member m;
    bool has_version = false;
    bool has_state = false;
    char number[8];
    size_t used = json_scan_value(text, len);
    size_t pos = 0;
    size_t begin = skip_white(text, len, 0);
    if (used == 0 || skip_white(text, len, used) != len || text[begin] != '{')
        return err_set(e, -EINVAL, "read saved state: not one JSON object");
    while (json_scan_member(text, len, &pos, &m)) {
        if (m.key_len == 7 && memcmp(m.key, "version", 7) == 0) {
            snprintf(number, sizeof number, "%.*s",
                m.value_len < sizeof number ? (int)m.value_len : 0, m.value);
            has_version = num_parse_u64(number, 1, UINT32_MAX, out_version) == 0;
        } else if (m.key_len == 5 && memcmp(m.key, "state", 5) == 0) {
            has_state = true;
            *out_state = m;
        }
    }
    if (!has_version)
        return err_set(e, -EINVAL, "read saved state: it names no version");
    if (*out_version > SAVED_VERSION)
        return err_set(e, -EPROTO, "read saved state: it is of version \"%s\", we know up to %d",
            number, SAVED_VERSION);
    if (!has_state)
        return err_set(e, -EINVAL, "read saved state: \"state\" is missing");
    return 0;
}

/* Slots that were left out have heard of the dependency too. */
static void complete(struct fleet *f)
{
    static const struct fleet heard_nothing = {.dependency = DEPENDENCY_UNKNOWN};
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        const struct fleet_slot unused = saved_unused_slot(&heard_nothing);
        if (saved_equal(&saved_slot, &f->slots[i], &unused))
            f->slots[i] = saved_unused_slot(f);
    }
}

int saved_read(const char *text, size_t len, struct saved *out, struct err *e)
{
    struct json_member state;
    uint64_t version = 0;
    int r = open_document(text, len, &version, &state, e);
    if (r < 0)
        return r;
    struct saved *s = malloc(sizeof *s);
    if (!s)
        return err_set(e, -ENOMEM, "read saved state: out of memory");
    saved_init(s);
    r = saved_read_by(&saved_document, &state, version, s, e);
    if (r == 0)
        complete(&s->fleet);
    const char *contradiction = r == 0 ? saved_contradiction(s) : NULL;
    if (contradiction)
        r = err_set(e, -EINVAL, "read saved state: %s", contradiction);
    if (r == 0)
        *out = *s;
    else
        saved_fini(s);
    free(s);
    return r;
}
