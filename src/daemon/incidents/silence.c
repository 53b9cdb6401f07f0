/* A time of silence. */
#include "daemon/incidents/silence.h"

#include "base/log.h"
#include "base/strbuf.h"
#include "base/timestamp.h"
#include "core/event.h"
#include "io/files/append_log.h"
#include "io/files/files.h"
#include "io/loop/loop.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct silence {
    struct loop *loop;
    struct strbuf path;
    struct timer *timer;
    struct cJSON *said; /* NULL: nobody asked for silence; else what is on disk */
    usec_t since_wall, until_wall;
    void (*on_ended)(void *arg);
    void *arg;
};

static const char *text_of(const struct silence *s, const char *member)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(s->said, member));
    return text ? text : "";
}

static void tell(const struct silence *s, enum event_id id, const char *author, const char *message)
{
    struct event ev;
    char until[TIMESTAMP_TEXT_MAX];
    event_init(&ev, id);
    event_message(&ev, "%s", message);
    event_field(&ev, "VOXKEEPER_UNTIL", "%s", timestamp_format(s->until_wall, until));
    event_field(&ev, "VOXKEEPER_AUTHOR", "%s", author);
    event_field(&ev, "VOXKEEPER_REASON", "%s", text_of(s, "reason"));
    event_emit(&ev);
    event_fini(&ev);
}

static void no_line(const char *line, size_t len, void *arg)
{
    (void)line;
    (void)len;
    (void)arg;
}

static void on_lost(const struct err *e, void *arg)
{
    (void)arg;
    log_printf(LOG_LEVEL_WARNING, "%s; the silence is forgotten if the machine dies", e->msg);
}

/* What is said now in the place of what was; an empty file: nothing. */
static int keep(const struct silence *s, struct err *e)
{
    struct append_log_found found;
    struct append_log *log =
        append_log_open(s->loop, strbuf_text(&s->path), no_line, on_lost, NULL, &found, e);
    if (!log)
        return e->code;
    char *text = s->said ? cJSON_PrintUnformatted(s->said) : strdup("");
    int r = text ? append_log_rewrite(log, text, strlen(text), e)
                 : err_sys(e, -ENOMEM, "writing \"%s\"", strbuf_text(&s->path));
    free(text);
    append_log_close(log);
    return r;
}

/* The clock on the wall may have been set: it is looked at again at least so often. */
#define LOOK_AGAIN USEC_PER_MIN

static void arm(struct silence *s)
{
    usec_t left = s->said ? usec_sub(s->until_wall, loop_wall_now()) : 0;
    if (!s->said)
        timer_disarm(s->timer);
    else
        timer_arm(s->timer, usec_add(loop_now(), left < LOOK_AGAIN ? left : LOOK_AGAIN));
}

static void finish(struct silence *s, const char *author, const char *message)
{
    struct err e = {0};
    tell(s, EVENT_SILENCE_ENDED, author, message);
    cJSON_Delete(s->said);
    s->said = NULL;
    arm(s);
    if (keep(s, &e) < 0)
        log_printf(LOG_LEVEL_WARNING, "%s; the silence may come back after a restart", e.msg);
    s->on_ended(s->arg);
}

static void on_due(void *arg)
{
    struct silence *s = arg;
    if (loop_wall_now() < s->until_wall)
        arm(s);
    else
        finish(s, "", "the silence is over: its time has passed");
}

static void on_line(const char *line, size_t len, void *arg)
{
    struct silence *s = arg;
    cJSON_Delete(s->said);
    s->said = cJSON_ParseWithLength(line, len);
    if (timestamp_parse(text_of(s, "since"), strlen(text_of(s, "since")), &s->since_wall) < 0 ||
        timestamp_parse(text_of(s, "until"), strlen(text_of(s, "until")), &s->until_wall) < 0) {
        cJSON_Delete(s->said);
        s->said = NULL;
    }
}

static void load(struct silence *s, const char *directory)
{
    struct err e = {0};
    struct append_log_found found;
    struct append_log *log = NULL;
    if (files_make_directory(directory, &e) == 0)
        log = append_log_open(s->loop, strbuf_text(&s->path), on_line, on_lost, s, &found, &e);
    if (!log)
        log_printf(LOG_LEVEL_WARNING, "%s; a silence would not outlive this instance", e.msg);
    append_log_close(log);
}

struct silence *silence_new(
    struct loop *l, const char *directory, void (*on_ended)(void *arg), void *arg)
{
    struct silence *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    *s = (struct silence){.loop = l, .on_ended = on_ended, .arg = arg};
    s->timer = timer_new(l, on_due, s);
    strbuf_addf(&s->path, "%s/silence", directory);
    load(s, directory);
    arm(s);
    return s;
}

void silence_free(struct silence *s)
{
    if (!s)
        return;
    cJSON_Delete(s->said);
    strbuf_fini(&s->path);
    timer_free(s->timer);
    free(s);
}

int silence_begin(
    struct silence *s, usec_t span, const char *author, const char *reason, struct err *e)
{
    char at[TIMESTAMP_TEXT_MAX];
    char text[SPAN_TEXT_MAX];
    struct strbuf message = STRBUF_INIT;
    cJSON_Delete(s->said);
    s->said = cJSON_CreateObject();
    s->since_wall = loop_wall_now();
    s->until_wall = usec_add(s->since_wall, span);
    cJSON_AddStringToObject(s->said, "since", timestamp_format(s->since_wall, at));
    cJSON_AddStringToObject(s->said, "until", timestamp_format(s->until_wall, at));
    cJSON_AddStringToObject(s->said, "author", author);
    cJSON_AddStringToObject(s->said, "reason", reason);
    strbuf_addf(&message, "alerts are silent for %s%s%s", span_format(span, text),
        reason[0] ? ": " : "", reason);
    tell(s, EVENT_SILENCE_BEGAN, author, strbuf_text(&message));
    strbuf_fini(&message);
    arm(s);
    return keep(s, e);
}

bool silence_end(struct silence *s, const char *author)
{
    if (!s->said)
        return false;
    finish(s, author, "the silence was ended");
    return true;
}

bool silence_holds(const struct silence *s)
{
    return s->said != NULL;
}

struct cJSON *silence_json(const struct silence *s)
{
    if (!s->said)
        return cJSON_CreateNull();
    struct cJSON *o = cJSON_Duplicate(s->said, true);
    cJSON_AddNumberToObject(o, "left_usec", (double)usec_sub(s->until_wall, loop_wall_now()));
    return o;
}
