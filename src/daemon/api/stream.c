/* Readers of server-sent events. */
#include "daemon/api/stream.h"

#include "base/num.h"
#include "base/strbuf.h"
#include "core/limits.h"
#include "daemon/api/stream_topics.h"
#include "daemon/daemon.h"
#include "daemon/history/history.h"
#include "io/loop/loop.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* How long a reader waits until it connects anew. */
#define RETRY_MSEC 1000

struct reader {
    struct stream *stream;
    struct reader *next;
    struct http_stream *out;
    uint64_t after;   /* the last event that was written to it */
    usec_t beaten_at; /* when the last comment was */
    bool favoured;    /* may change things, and see what is withheld from others */
};

struct told {
    uint64_t sum;
    usec_t at;
};

struct stream {
    struct daemon *daemon;
    struct stream_pace pace;
    struct history_listener listener;
    struct timer *tick; /* armed while there are readers */
    usec_t looked_at;
    struct reader *readers;
    unsigned n_readers, n_others; /* of them those that are not favoured */
    struct told told[STREAM_TOPIC_COUNT];
};

static void write_event(struct reader *r, const struct happening *happening)
{
    struct strbuf frame = STRBUF_INIT;
    struct cJSON *json = happening_json(happening, r->favoured);
    char *text = cJSON_PrintUnformatted(json);
    strbuf_addf(&frame, "id: %s-%llu\nevent: event\ndata: %s\n\n",
        history_boot(r->stream->daemon->history), (unsigned long long)happening->seq,
        text ? text : "null");
    http_stream_write(r->out, strbuf_text(&frame), frame.len);
    r->after = happening->seq;
    cJSON_free(text);
    cJSON_Delete(json);
    strbuf_fini(&frame);
}

/* Those it has not got yet; what would be too much for it waits for the next tick. */
static void write_events(struct reader *r)
{
    const struct happening *next;
    while (http_stream_waiting(r->out) < LIMIT_STREAM_BACKLOG / 2 &&
           (next = history_after(r->stream->daemon->history, r->after)) != NULL)
        write_event(r, next);
}

/* A frame with what the topic says now. */
static void frame_topic(enum stream_topic topic, const struct cJSON *json, struct strbuf *out)
{
    char *text = cJSON_PrintUnformatted(json);
    strbuf_addf(out, "event: %s\ndata: %s\n\n", stream_topic_name(topic), text ? text : "null");
    cJSON_free(text);
}

static void tell_topic(struct stream *s, enum stream_topic topic, usec_t now)
{
    struct told *told = &s->told[topic];
    struct cJSON *json = stream_topic_json(topic, s->daemon);
    uint64_t sum = stream_topic_sum(json);
    if (sum != told->sum || now >= usec_add(told->at, s->pace.fresh)) {
        struct strbuf frame = STRBUF_INIT;
        frame_topic(topic, json, &frame);
        for (struct reader *r = s->readers; r; r = r->next)
            http_stream_write(r->out, strbuf_text(&frame), frame.len);
        *told = (struct told){sum, now};
        strbuf_fini(&frame);
    }
    cJSON_Delete(json);
}

static void beat(struct reader *r, usec_t now)
{
    static const char comment[] = ":\n\n";
    if (now < usec_add(r->beaten_at, r->stream->pace.heartbeat))
        return;
    r->beaten_at = now;
    http_stream_write(r->out, comment, sizeof comment - 1);
}

static void on_tick(void *arg)
{
    struct stream *s = arg;
    usec_t now = loop_now();
    if (!s->readers)
        return;
    for (unsigned i = 0; i < STREAM_TOPIC_COUNT; i++)
        tell_topic(s, (enum stream_topic)i, now);
    for (struct reader *r = s->readers; r; r = r->next) {
        write_events(r);
        beat(r, now);
    }
    s->looked_at = loop_now();
    timer_arm(s->tick, usec_add(s->looked_at, s->pace.idle));
}

/* What happened most likely changed a topic as well. */
static void on_event(const struct happening *happening, void *arg)
{
    struct stream *s = arg;
    (void)happening;
    if (!s->readers)
        return;
    for (struct reader *r = s->readers; r; r = r->next)
        write_events(r);
    timer_arm(s->tick, usec_add(s->looked_at, s->pace.least));
}

struct stream *stream_new(struct daemon *d)
{
    struct stream *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->daemon = d;
    s->pace = (struct stream_pace){.least = 500 * USEC_PER_MSEC,
        .idle = USEC_PER_SEC,
        .fresh = 5 * USEC_PER_SEC,
        .heartbeat = 15 * USEC_PER_SEC,
        .stall = 30 * USEC_PER_SEC};
    s->tick = timer_new(d->loop, on_tick, s);
    s->listener = (struct history_listener){.on_event = on_event, .arg = s};
    history_listen(d->history, &s->listener);
    return s;
}

void stream_free(struct stream *s)
{
    if (!s)
        return;
    assert(!s->readers);
    history_unlisten(s->daemon->history, &s->listener);
    timer_free(s->tick);
    free(s);
}

void stream_flush(struct stream *s)
{
    for (struct reader *r = s->readers; r; r = r->next)
        write_events(r);
}

void stream_set_pace(struct stream *s, const struct stream_pace *pace)
{
    s->pace = *pace;
}

static void on_closed(void *arg)
{
    struct reader *r = arg;
    struct stream *s = r->stream;
    struct reader **at = &s->readers;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    s->n_readers--;
    s->n_others -= !r->favoured;
    free(r);
    if (!s->readers)
        timer_disarm(s->tick);
}

/* The last event that a reader with this id has seen. */
static uint64_t seen_by(const struct stream *s, const char *last_id)
{
    const char *boot = history_boot(s->daemon->history);
    uint64_t newest = history_newest(s->daemon->history);
    uint64_t seq = 0;
    size_t len = strlen(boot);
    if (!last_id)
        return newest;
    if (strncmp(last_id, boot, len) != 0 || last_id[len] != '-' ||
        num_parse_u64(last_id + len + 1, 0, newest, &seq) < 0)
        return 0;
    return seq;
}

/* Each topic as it is, and the id from which on events will come. */
static void greet(struct reader *r, const char *last_id)
{
    struct strbuf text = STRBUF_INIT;
    struct stream *s = r->stream;
    r->after = seen_by(s, last_id);
    strbuf_addf(&text, "retry: %d\n", RETRY_MSEC);
    strbuf_addf(
        &text, "id: %s-%llu\n", history_boot(s->daemon->history), (unsigned long long)r->after);
    for (unsigned i = 0; i < STREAM_TOPIC_COUNT; i++) {
        struct cJSON *json = stream_topic_json((enum stream_topic)i, s->daemon);
        frame_topic((enum stream_topic)i, json, &text);
        cJSON_Delete(json);
    }
    http_stream_write(r->out, strbuf_text(&text), text.len);
    strbuf_fini(&text);
    write_events(r);
}

struct http_stream *stream_open(struct stream *s, const char *last_id, bool favoured)
{
    if (s->n_readers == LIMIT_STREAMS || (!favoured && s->n_others == LIMIT_STREAMS_OTHERS))
        return NULL;
    struct reader *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    *r = (struct reader){.stream = s,
        .next = s->readers,
        .beaten_at = loop_now(),
        .favoured = favoured,
        .out = http_stream_new(&(struct http_stream_spec){.backlog_max = LIMIT_STREAM_BACKLOG,
            .stall_max = s->pace.stall,
            .on_closed = on_closed,
            .arg = r})};
    if (!r->out) {
        free(r);
        return NULL;
    }
    s->readers = r;
    s->n_readers++;
    s->n_others += !favoured;
    greet(r, last_id);
    if (s->n_readers == 1)
        timer_arm(s->tick, usec_add(loop_now(), s->pace.least));
    return r->out;
}
