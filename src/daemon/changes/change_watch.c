/* From events, and from looking, to entries of the change log. */
#include "daemon/changes/change_watch.h"

#include "base/strbuf.h"
#include "base/strlist.h"
#include "build_config.h"
#include "core/changes/change_kind.h"
#include "core/limits.h"
#include "daemon/changes/changes.h"
#include "daemon/daemon.h"
#include "daemon/history/history.h"
#include "daemon/verbs/operation.h"
#include "io/files/files.h"
#include "io/loop/job.h"
#include "io/manager.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the unit consists of, as another thread finds it. */
struct unit_look {
    struct change_watch *watch; /* NULL: it is gone, and this with it */
    struct strlist files;
    char sum[DIGEST_TEXT]; /* of all of them; "": we are in no unit, or its files cannot be read */
};

struct change_watch {
    struct daemon *daemon;
    struct history_listener listener;
    struct unit_look *look;                /* under way; NULL: none */
    char release[LIMIT_HISTORY_VALUE + 1]; /* "": not seen yet */
    char unit[DIGEST_TEXT];
};

static void add_found(
    const struct change_watch *w, const char *kind, const char *text, struct cJSON *details)
{
    char *json = cJSON_PrintUnformatted(details);
    changes_add(w->daemon->changes,
        &(struct change){
            .kind = kind, .author = "voxkeeperd", .text = text, .reason = "", .details = json});
    cJSON_free(json);
    cJSON_Delete(details);
}

/* `name` of the entry that was the latest at the start; "" if there is none. */
static const char *latest(const struct change_watch *w, const char *kind, const char *name)
{
    const char *text =
        cJSON_GetStringValue(cJSON_GetObjectItem(changes_found(w->daemon->changes, kind), name));
    return text ? text : "";
}

static void note_difference(
    struct change_watch *w, const char *kind, const char *what, const char *from, const char *to)
{
    struct strbuf text = STRBUF_INIT;
    struct cJSON *details = cJSON_CreateObject();
    strbuf_addf(&text, "%s: %s%s%s", what, from, from[0] ? " -> " : "", to);
    cJSON_AddStringToObject(details, "from", from);
    cJSON_AddStringToObject(details, "to", to);
    add_found(w, kind, strbuf_text(&text), details);
    strbuf_fini(&text);
}

static void see_release(struct change_watch *w, const char *release)
{
    if (!release || strcmp(release, w->release) == 0)
        return;
    note_difference(w, CHANGE_RELEASE, "release of the agent", w->release, release);
    snprintf(w->release, sizeof w->release, "%s", release);
}

static void see_version(struct change_watch *w)
{
    const char *version = latest(w, CHANGE_VERSION, "to");
    if (strcmp(version, VOXKEEPER_VERSION) != 0)
        note_difference(w, CHANGE_VERSION, "version of voxkeeper", version, VOXKEEPER_VERSION);
}

/* On another thread. */
static void look_at_unit(void *arg)
{
    struct unit_look *look = arg;
    struct err e = {0};
    struct own_unit unit;
    struct strbuf all = STRBUF_INIT;
    if (manager_own_unit(&unit, &e) < 0 || manager_unit_files(unit.name, &look->files, &e) < 0)
        return;
    for (size_t i = 0; i < look->files.n; i++) {
        char *text = NULL;
        size_t len = 0;
        if (files_read(look->files.items[i], LIMIT_CONFIG_FILE, &text, &len, &e) < 0)
            continue;
        strbuf_addf(&all, "%s\n%zu\n", look->files.items[i], len);
        strbuf_add(&all, text, len);
        free(text);
    }
    if (all.len > 0 && !all.failed)
        digest_text(all.data, all.len, look->sum);
    strbuf_fini(&all);
}

static void note_unit(struct change_watch *w, const struct unit_look *look)
{
    struct strbuf text = STRBUF_INIT;
    struct cJSON *details = cJSON_CreateObject();
    struct cJSON *files = cJSON_AddArrayToObject(details, "files");
    strbuf_addf(&text, "unit files of voxkeeper%s:", w->unit[0] ? " changed" : "");
    for (size_t i = 0; i < look->files.n; i++) {
        strbuf_addf(&text, " %s", look->files.items[i]);
        cJSON_AddItemToArray(files, cJSON_CreateString(look->files.items[i]));
    }
    cJSON_AddStringToObject(details, "sum", look->sum);
    add_found(w, CHANGE_UNIT, strbuf_text(&text), details);
    snprintf(w->unit, sizeof w->unit, "%s", look->sum);
    strbuf_fini(&text);
}

static void on_unit_seen(void *arg)
{
    struct unit_look *look = arg;
    struct change_watch *w = look->watch;
    if (w) {
        w->look = NULL;
        if (look->sum[0] && strcmp(look->sum, w->unit) != 0)
            note_unit(w, look);
    }
    strlist_fini(&look->files);
    free(look);
}

static void begin_look(struct change_watch *w)
{
    struct unit_look *look = w->look ? NULL : calloc(1, sizeof *look);
    if (!look)
        return;
    look->watch = w;
    w->look = look;
    job_run(w->daemon->loop, look_at_unit, on_unit_seen, look);
}

/* Who did it, as far as the event itself does not say. */
struct doer {
    const char *author;
    const char *reason;
};

static struct doer doer_of_operation(const struct daemon *d, uint64_t id)
{
    const struct operation *op = operation_find(d->operations, id);
    return op ? (struct doer){operation_author(op), operation_reason(op)}
              : (struct doer){"voxkeeperd", ""};
}

/* What failed, and how, is not why somebody wanted it. */
static bool has_own_reason(enum event_id id)
{
    return id == EVENT_RESTART_FAILED || id == EVENT_ROLLOUT_ROLLED_BACK ||
           id == EVENT_RESTORE_DONE || id == EVENT_RESTORE_FAILED || id == EVENT_SWEEP_DONE ||
           id == EVENT_SWEEP_FAILED || id == EVENT_SWEEP_ABORTED;
}

static const char *reason_of_asker(
    const struct daemon *d, const struct happening *happening, const char *otherwise)
{
    const char *text = happening_field(happening, "VOXKEEPER_OPERATION");
    const struct operation *op =
        text ? operation_find(d->operations, strtoull(text, NULL, 10)) : NULL;
    return op ? operation_reason(op) : otherwise;
}

static struct doer doer_of(const struct daemon *d, const struct happening *happening)
{
    const char *author = happening_field(happening, "VOXKEEPER_AUTHOR");
    const char *reason = happening_field(happening, "VOXKEEPER_REASON");
    struct doer doer = {"voxkeeperd", ""};
    if (happening->id == EVENT_DRAIN_BEGAN)
        doer = doer_of_operation(d, d->drain_op);
    if (happening->id == EVENT_DRAIN_CANCELLED)
        doer = doer_of_operation(d, d->resume_op);
    if (happening->id == EVENT_ROLLOUT_DONE || happening->id == EVENT_ROLLOUT_ROLLED_BACK)
        doer = (struct doer){strbuf_text(&d->rollout.author), strbuf_text(&d->rollout.reason)};
    if (author && author[0])
        doer.author = author;
    if (has_own_reason(happening->id))
        doer.reason = reason_of_asker(d, happening, doer.reason);
    else if (reason && reason[0])
        doer.reason = reason;
    if (!doer.author[0])
        doer.author = "voxkeeperd";
    return doer;
}

/* Said in members of their own; or not for everybody, who reads the log, and it is for ever. */
static bool is_left_out(const char *name)
{
    return strcmp(name, "VOXKEEPER_AUTHOR") == 0 || strcmp(name, "VOXKEEPER_REASON") == 0 ||
           event_field_is_withheld(name);
}

/* The message; of a reload with the keys that changed, one behind the other. */
static void write_text(const struct happening *happening, struct strbuf *out)
{
    const char *changes = happening_field(happening, "VOXKEEPER_CHANGES");
    const char *separator = ": ";
    strbuf_adds(out, happening->message ? happening->message : "");
    while (changes && *changes) {
        size_t len = strcspn(changes, "\n");
        strbuf_adds(out, separator);
        strbuf_add(out, changes, len);
        changes += len + (changes[len] == '\n');
        separator = "; ";
    }
}

static void note_event(struct change_watch *w, const char *kind, const struct happening *happening)
{
    const struct doer doer = doer_of(w->daemon, happening);
    struct cJSON *details = cJSON_CreateObject();
    cJSON_AddStringToObject(details, "event", event_name(happening->id));
    for (unsigned i = 0; i < happening->n_fields; i++) {
        const char *name = happening->fields[i].name;
        bool finding = has_own_reason(happening->id) && strcmp(name, "VOXKEEPER_REASON") == 0;
        if (finding || !is_left_out(name))
            cJSON_AddStringToObject(details, happening->fields[i].name, happening->fields[i].value);
    }
    char *json = cJSON_PrintUnformatted(details);
    struct strbuf text = STRBUF_INIT;
    write_text(happening, &text);
    changes_add(w->daemon->changes, &(struct change){.kind = kind,
                                        .author = doer.author,
                                        .text = strbuf_text(&text),
                                        .reason = doer.reason,
                                        .details = json});
    strbuf_fini(&text);
    cJSON_free(json);
    cJSON_Delete(details);
}

/* A sweep, or a restoration, that changed nothing is no change, however it ended. */
static bool was_idle(const struct happening *happening)
{
    const char *removed = happening_field(happening, "VOXKEEPER_REMOVED");
    const char *restored = happening_field(happening, "VOXKEEPER_RESTORED");
    const char *n = removed ? removed : restored;
    return n && strcmp(n, "0") == 0;
}

static void on_event(const struct happening *happening, void *arg)
{
    struct change_watch *w = arg;
    const char *kind = change_kind_of(happening->id);
    if (happening->id == EVENT_WORKER_VERIFIED)
        see_release(w, happening_field(happening, "VOXKEEPER_RELEASE"));
    if (happening->id == EVENT_CONFIG_RELOADED)
        begin_look(w);
    if (happening->id == EVENT_DAEMON_STARTED)
        see_version(w);
    if (kind && !was_idle(happening))
        note_event(w, kind, happening);
}

struct change_watch *change_watch_new(struct daemon *d)
{
    struct change_watch *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->daemon = d;
    snprintf(w->release, sizeof w->release, "%s", latest(w, CHANGE_RELEASE, "to"));
    snprintf(w->unit, sizeof w->unit, "%s", latest(w, CHANGE_UNIT, "sum"));
    w->listener = (struct history_listener){.on_event = on_event, .arg = w};
    history_listen(d->history, &w->listener);
    begin_look(w);
    return w;
}

void change_watch_free(struct change_watch *w)
{
    if (!w)
        return;
    history_unlisten(w->daemon->history, &w->listener);
    if (w->look)
        w->look->watch = NULL;
    free(w);
}
