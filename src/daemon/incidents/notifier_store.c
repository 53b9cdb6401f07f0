/* A queue of notices in a file. */
#include "daemon/incidents/notifier_store.h"

#include "core/event.h"
#include "core/limits.h"
#include "io/files/append_log.h"
#include "io/files/files.h"

#include <inttypes.h>
#include <stdlib.h>

/* A file that is no larger is not worth a look whether most of it is past. */
enum { COMPACT_MIN = 64 * 1024 };

struct notifier_store {
    struct notifier_store_spec spec;
    struct strbuf path;
    struct strbuf name;
    struct delivery_queue queue;
    struct append_log *log; /* NULL: it cannot be opened */
    size_t compact_at;      /* bytes */
    bool behind;            /* the file lacks something */
};

static void tell_trouble(struct notifier_store *s, const char *why)
{
    struct event ev;
    if (s->behind)
        return;
    s->behind = true;
    event_init(&ev, EVENT_ALERT_QUEUE_FAILED);
    event_message(&ev, "alerts for %s are kept in memory only, delivery goes on: %s",
        strbuf_text(&s->name), why);
    event_field(&ev, "VOXKEEPER_NOTIFIER", "%s", strbuf_text(&s->name));
    event_field(&ev, "VOXKEEPER_REASON", "%s", why);
    event_emit(&ev);
    event_fini(&ev);
}

static void on_line(const char *line, size_t len, void *arg)
{
    struct notifier_store *s = arg;
    struct err e = {0};
    if (delivery_queue_replay(&s->queue, line, len, &e) < 0)
        log_printf(LOG_LEVEL_WARNING, "%s: %s", strbuf_text(&s->path), e.msg);
}

static void on_not_durable(const struct err *e, void *arg)
{
    tell_trouble(arg, e->msg);
}

static int open_log(struct notifier_store *s, struct err *e)
{
    struct append_log_found found;
    int r = files_make_directory(s->spec.directory, e);
    if (r < 0)
        return r;
    delivery_queue_fini(&s->queue);
    s->log =
        append_log_open(s->spec.loop, strbuf_text(&s->path), on_line, on_not_durable, s, &found, e);
    if (!s->log)
        return e->code;
    if (found.bad > 0)
        log_printf(LOG_LEVEL_WARNING,
            "%s: %zu torn lines are left out: voxkeeper or the machine died while it wrote",
            strbuf_text(&s->path), found.bad);
    return 0;
}

struct notifier_store *notifier_store_open(const struct notifier_store_spec *spec)
{
    struct notifier_store *s = calloc(1, sizeof *s);
    struct err e = {0};
    if (!s)
        return NULL;
    s->spec = *spec;
    s->compact_at = COMPACT_MIN;
    strbuf_addf(&s->path, "%s/%s", spec->directory, spec->name);
    strbuf_adds(&s->name, spec->name);
    if (s->path.failed || s->name.failed) {
        notifier_store_close(s);
        return NULL;
    }
    if (open_log(s, &e) < 0)
        tell_trouble(s, e.msg);
    return s;
}

void notifier_store_close(struct notifier_store *s)
{
    if (!s)
        return;
    append_log_close(s->log);
    delivery_queue_fini(&s->queue);
    strbuf_fini(&s->path);
    strbuf_fini(&s->name);
    free(s);
}

const struct delivery_queue *notifier_store_queue(const struct notifier_store *s)
{
    return &s->queue;
}

static void no_line(const char *line, size_t len, void *arg)
{
    (void)line;
    (void)len;
    (void)arg;
}

/* The whole queue, in the place of what the file says. */
static int write_all(struct notifier_store *s, struct err *e)
{
    struct strbuf lines = STRBUF_INIT;
    struct append_log_found found;
    int r = 0;
    if (!s->log)
        s->log = append_log_open(
            s->spec.loop, strbuf_text(&s->path), no_line, on_not_durable, s, &found, e);
    delivery_queue_write(&s->queue, &lines);
    if (!s->log)
        r = e->code;
    else
        r = append_log_rewrite(s->log, strbuf_text(&lines), lines.len, e);
    s->compact_at = 2 * lines.len > COMPACT_MIN ? 2 * lines.len : COMPACT_MIN;
    strbuf_fini(&lines);
    return r;
}

/* The queue has changed already; `lines` say how. */
static void keep(struct notifier_store *s, const struct strbuf *lines)
{
    struct err e = {0};
    int r = 0;
    if (s->behind || !s->log) {
        r = write_all(s, &e);
        if (r == 0) {
            s->behind = false;
            log_printf(
                LOG_LEVEL_NOTICE, "%s: alerts are kept on disk again", strbuf_text(&s->path));
        }
    } else {
        r = append_log_add(s->log, strbuf_text(lines), lines->len, &e);
        if (r == 0 && append_log_size(s->log) > s->compact_at)
            r = write_all(s, &e);
    }
    if (r < 0)
        tell_trouble(s, e.msg);
}

struct putting {
    struct notifier_store *store;
    struct strbuf lines;
};

static void on_gone(const struct delivery_entry *entry, bool lost, void *arg)
{
    struct putting *p = arg;
    strbuf_addf(&p->lines, "done %" PRIu64 "\n", entry->number);
    if (lost)
        p->store->spec.on_lost(entry, p->store->spec.arg);
}

uint64_t notifier_store_put(struct notifier_store *s, const char *text, uint64_t busy)
{
    struct err e = {0};
    struct putting p = {.store = s};
    uint64_t number = delivery_queue_put(&s->queue, text, busy, on_gone, &p, &e);
    const struct delivery_entry *entry = delivery_queue_find(&s->queue, number);
    if (number == 0)
        log_printf(LOG_LEVEL_ERR, "%s: %s", strbuf_text(&s->path), e.msg);
    if (entry) {
        struct strbuf lines = STRBUF_INIT;
        delivery_queue_write_put(entry, &lines);
        strbuf_adds(&lines, strbuf_text(&p.lines));
        keep(s, &lines);
        strbuf_fini(&lines);
    }
    strbuf_fini(&p.lines);
    return number;
}

bool notifier_store_done(struct notifier_store *s, uint64_t number, bool keeps)
{
    struct strbuf line = STRBUF_INIT;
    bool stands = delivery_queue_done(&s->queue, number, keeps);
    strbuf_addf(&line, "%s %" PRIu64 "\n", stands ? "stand" : "done", number);
    keep(s, &line);
    strbuf_fini(&line);
    return stands;
}
