/* The change log: the chain in memory, its way to the disk, and what is told of it. */
#include "daemon/changes/changes.h"

#include "core/changes/change_kind.h"
#include "core/limits.h"
#include "io/files/changelog_file.h"
#include "io/loop/job.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_AFTER USEC_PER_MIN

struct changes {
    struct loop *loop;
    char *path;
    bool usable;         /* it could be read */
    struct cJSON *found; /* kind: details of its latest entry, as they were at the start */
    struct changelog_head head;
    struct strbuf waiting; /* lines that are not on the disk */
    struct strbuf writing; /* those of them that another thread has */
    struct err failure;    /* of the latest try; code 0: there was none */
    struct timer *retry;
    bool busy;   /* a thread writes */
    bool closed; /* the owner let go: the memory goes once nothing is written */
};

static void tell_trouble(const struct changes *c, enum event_id id, const char *words)
{
    struct event ev;
    event_init(&ev, id);
    event_message(&ev, "%s", words);
    event_field(&ev, "VOXKEEPER_FILE", "%s", c->path);
    event_field(&ev, "VOXKEEPER_REASON", "%s", words);
    event_emit(&ev);
    event_fini(&ev);
}

static void tell_damage(const struct changes *c, const struct changelog_finding *found)
{
    struct strbuf words = STRBUF_INIT;
    strbuf_addf(&words, "the change log was tampered with: line %llu of \"%s\" %s",
        (unsigned long long)found->fault_line, c->path, changelog_fault_words(found->fault));
    if (found->faults > 1)
        strbuf_addf(&words, ", and %llu more", (unsigned long long)found->faults - 1);
    tell_trouble(c, EVENT_CHANGELOG_DAMAGED, strbuf_text(&words));
    strbuf_fini(&words);
}

static void take_latest(struct cJSON *found, const char *log, const char *kind)
{
    size_t len = 0;
    const char *line = changelog_latest(log, strlen(log), kind, &len);
    struct cJSON *entry = line ? cJSON_ParseWithLength(line, len) : NULL;
    struct cJSON *details = cJSON_DetachItemFromObject(entry, "details");
    if (details)
        cJSON_AddItemToObject(found, kind, details);
    cJSON_Delete(entry);
}

static void open_log(struct changes *c)
{
    char *log = NULL;
    struct err e = {0};
    struct changelog_finding found = {0};
    char *torn = NULL;
    changelog_head_init(&c->head);
    if (changelog_file_open(c->path, &found, &log, &torn, &e) < 0) {
        tell_trouble(c, EVENT_CHANGELOG_UNWRITTEN, e.msg);
        return;
    }
    c->usable = true;
    c->head = found.head;
    take_latest(c->found, log, CHANGE_RELEASE);
    take_latest(c->found, log, CHANGE_UNIT);
    take_latest(c->found, log, CHANGE_VERSION);
    if (found.faults > 0)
        tell_damage(c, &found);
    if (torn)
        log_printf(LOG_LEVEL_WARNING,
            "the change log ended in half an entry, which was taken off: %s", torn);
    free(log);
    free(torn);
}

static void destroy(struct changes *c)
{
    strbuf_fini(&c->waiting);
    strbuf_fini(&c->writing);
    cJSON_Delete(c->found);
    free(c->path);
    free(c);
}

static void begin_writing(struct changes *c);

static void on_retry(void *arg)
{
    begin_writing(arg);
}

struct changes *changes_new(struct loop *l, const char *state_directory)
{
    struct changes *c = calloc(1, sizeof *c);
    struct strbuf path = STRBUF_INIT;
    strbuf_addf(&path, "%s/changelog.jsonl", state_directory);
    if (c)
        c->path = strbuf_take(&path);
    strbuf_fini(&path);
    if (!c || !c->path) {
        free(c);
        return NULL;
    }
    c->loop = l;
    c->found = cJSON_CreateObject();
    c->retry = timer_new(l, on_retry, c);
    open_log(c);
    return c;
}

/* On another thread, which alone has `writing` and `failure`. */
static void write_lines(void *arg)
{
    struct changes *c = arg;
    c->failure = (struct err){0};
    (void)changelog_file_append(c->path, strbuf_text(&c->writing), c->writing.len, &c->failure);
}

/* What could not be written goes before what came meanwhile. */
static void put_back(struct changes *c)
{
    strbuf_add(&c->writing, strbuf_text(&c->waiting), c->waiting.len);
    strbuf_fini(&c->waiting);
    c->waiting = c->writing;
    c->writing = (struct strbuf)STRBUF_INIT;
}

/* The owner has gone: this is the last chance. */
static void write_the_rest(struct changes *c)
{
    struct err e = {0};
    if (c->waiting.len > 0 &&
        changelog_file_append(c->path, strbuf_text(&c->waiting), c->waiting.len, &e) < 0)
        log_printf(LOG_LEVEL_ERR, "%s; the journal has what is missing in the change log", e.msg);
    destroy(c);
}

static void on_written(void *arg)
{
    struct changes *c = arg;
    bool failed = c->failure.code < 0;
    c->busy = false;
    if (failed)
        put_back(c);
    else
        strbuf_fini(&c->writing);
    if (c->closed) {
        write_the_rest(c);
        return;
    }
    if (failed) {
        tell_trouble(c, EVENT_CHANGELOG_UNWRITTEN, c->failure.msg);
        timer_arm(c->retry, usec_add(loop_now(), RETRY_AFTER));
    } else {
        begin_writing(c);
    }
}

static void begin_writing(struct changes *c)
{
    if (c->busy || c->waiting.len == 0)
        return;
    timer_disarm(c->retry);
    c->busy = true;
    c->writing = c->waiting;
    c->waiting = (struct strbuf)STRBUF_INIT;
    job_run(c->loop, write_lines, on_written, c);
}

void changes_free(struct changes *c)
{
    if (!c)
        return;
    timer_free(c->retry);
    c->closed = true;
    if (!c->busy)
        write_the_rest(c);
}

/* `sum` "": it is not in the file. */
static void tell_change(const struct change *change, const char *sum)
{
    struct event ev;
    event_init(&ev, EVENT_CHANGE_RECORDED);
    bool said = !change->reason[0] || strstr(change->text, change->reason);
    event_message(&ev, "change log: %s by %s: %s%s%s", change->kind, change->author, change->text,
        said ? "" : " - ", said ? "" : change->reason);
    event_field(&ev, "VOXKEEPER_CHANGE", "%s", change->kind);
    event_field(&ev, "VOXKEEPER_AUTHOR", "%s", change->author);
    event_field(&ev, "VOXKEEPER_REASON", "%s", change->reason);
    if (sum[0])
        event_field(&ev, "VOXKEEPER_SUM", "%s", sum);
    event_emit(&ev);
    event_fini(&ev);
}

void changes_add(struct changes *c, const struct change *change)
{
    struct change now = *change;
    now.wall = loop_wall_now();
    bool taken = c->usable && c->waiting.len < LIMIT_CHANGELOG_WAITING &&
                 changelog_line(&now, &c->head, &c->waiting);
    tell_change(&now, taken ? c->head.sum : "");
    begin_writing(c);
}

/* How many bytes of `next` the text ends with. */
static size_t overlap(const struct strbuf *text, const struct strbuf *next)
{
    size_t n = next->len < text->len ? next->len : text->len;
    while (n > 0 && memcmp(text->data + text->len - n, next->data, n) != 0)
        n--;
    return n;
}

/* The other thread only reads `writing`; it may have written it already. */
void changes_add_waiting(const struct changes *c, struct strbuf *text)
{
    size_t written = overlap(text, &c->writing);
    strbuf_add(text, strbuf_text(&c->writing) + written, c->writing.len - written);
    strbuf_add(text, strbuf_text(&c->waiting), c->waiting.len);
}

bool changes_is_end(const struct changes *c, const struct changelog_head *head)
{
    return !c->usable || strcmp(c->head.sum, head->sum) == 0;
}

const char *changes_path(const struct changes *c)
{
    return c->path;
}

const struct cJSON *changes_found(const struct changes *c, const char *kind)
{
    return cJSON_GetObjectItem(c->found, kind);
}
