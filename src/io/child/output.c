/* What a worker writes. */
#include "io/child/output.h"

#include "core/event.h"
#include "core/logs/last_lines.h"
#include "core/logs/logline.h"
#include "core/token_bucket.h"
#include "io/child/output_pipe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_REPORT_PERIOD (10 * USEC_PER_SEC)

enum { BURST = 10, OWN_FIELDS = 9, NUMBER_MAX = 24 };

struct stream {
    struct output *output;
    struct output_pipe pipe;
    const char *name;
    enum log_level fallback;
    enum log_level level; /* of the line whose parts are coming */
};

struct output {
    struct loop *loop;
    struct stream out;
    struct stream err;
    struct timer *report;
    unsigned open_handles; /* the memory goes when it is freed and this is 0 */
    bool freed;

    char *identifier;
    char *release;
    unsigned rate;
    usec_t report_period;
    output_line_fn *on_line;
    void *arg;
    bool is_worker;
    char worker[NUMBER_MAX];
    char life[NUMBER_MAX];
    char generation[NUMBER_MAX];
    char pid[NUMBER_MAX];

    struct token_bucket bucket;
    struct logline line;
    struct last_lines last;
    struct error_meter errors;
    uint64_t lines;
    uint64_t dropped;
    uint64_t told; /* of `dropped` */
};

static void number(char text[NUMBER_MAX], uint64_t value)
{
    snprintf(text, NUMBER_MAX, "%" PRIu64, value);
}

static void release(struct output *o)
{
    if (!o->freed || o->open_handles > 0)
        return;
    logline_fini(&o->line);
    last_lines_fini(&o->last);
    free(o->identifier);
    free(o->release);
    free(o);
}

static void on_pipe_closed(void *arg)
{
    struct stream *s = arg;
    s->output->open_handles--;
    release(s->output);
}

static struct log_field text_field(const char *name, const char *value)
{
    return (struct log_field){.name = name, .value = value, .len = strlen(value)};
}

static void pass_on(const struct stream *s, unsigned part)
{
    const struct output *o = s->output;
    const struct logline *line = &o->line;
    struct log_field fields[OWN_FIELDS + LIMIT_OUTPUT_FIELDS];
    char part_text[NUMBER_MAX];
    number(part_text, part);
    size_t n = 0;
    fields[n++] = text_field("SYSLOG_IDENTIFIER", o->identifier);
    if (o->is_worker) {
        fields[n++] = text_field("VOXKEEPER_WORKER", o->worker);
        fields[n++] = text_field("VOXKEEPER_GENERATION", o->generation);
        fields[n++] = text_field("VOXKEEPER_LIFE", o->life);
    }
    fields[n++] = text_field("VOXKEEPER_STREAM", s->name);
    fields[n++] = text_field("WORKER_PID", o->pid);
    fields[n++] = text_field("OBJECT_PID", o->pid);
    if (*o->release)
        fields[n++] = text_field("VOXKEEPER_RELEASE", o->release);
    if (part > 0)
        fields[n++] = text_field("VOXKEEPER_LINE_PART", part_text);
    for (unsigned i = 0; i < line->n_fields; i++) {
        fields[n++] = (struct log_field){.name = line->fields[i].name,
            .value = strbuf_text(&line->values) + line->fields[i].at,
            .len = line->fields[i].len};
    }
    log_forward(&(struct log_record){.level = line->level,
        .message = strbuf_text(&line->message),
        .message_len = line->message.len,
        .fields = fields,
        .n_fields = n});
}

static void suppress(struct output *o)
{
    if (o->dropped++ == o->told)
        timer_arm(o->report, usec_add(loop_now(), o->report_period));
}

static void on_line(const char *bytes, size_t len, unsigned part, void *arg)
{
    struct stream *s = arg;
    struct output *o = s->output;
    logline_begin(&o->line, bytes, len);
    if (o->line.text.len == 0)
        return;
    o->lines++;
    if (part <= 1)
        last_lines_add(&o->last, strbuf_text(&o->line.text), o->line.text.len);
    if (!token_bucket_take(&o->bucket, loop_now())) {
        suppress(o);
        return;
    }
    logline_parse(&o->line, s->fallback);
    /* Words in the middle of a long line say nothing of its level. */
    if (part > 1)
        o->line.level = s->level;
    else if (o->line.level <= LOG_LEVEL_ERR)
        error_meter_add(&o->errors, loop_now());
    s->level = o->line.level;
    pass_on(s, part);
    /* The rest of a long line, cut anywhere, would be matched as what it is not. */
    if (o->on_line && part <= 1)
        o->on_line(strbuf_text(&o->line.text), o->line.text.len, o->arg);
}

/* One event for all that was suppressed since the last one. */
static void tell_dropped(struct output *o)
{
    uint64_t n = o->dropped - o->told;
    if (n == 0)
        return;
    struct event ev;
    event_init(&ev, EVENT_WORKER_OUTPUT_DROPPED);
    event_message(&ev, "worker %s writes more than %u lines a second: %" PRIu64 " left out",
        o->worker, o->rate, n);
    event_field(&ev, "VOXKEEPER_WORKER", "%s", o->worker);
    event_field(&ev, "VOXKEEPER_GENERATION", "%s", o->generation);
    event_field(&ev, "VOXKEEPER_LIFE", "%s", o->life);
    event_field(&ev, "WORKER_PID", "%s", o->pid);
    event_field(&ev, "OBJECT_PID", "%s", o->pid);
    event_field(&ev, "VOXKEEPER_LINES", "%" PRIu64, n);
    event_emit(&ev);
    event_fini(&ev);
    o->told = o->dropped;
}

static void on_report_due(void *arg)
{
    tell_dropped(arg);
}

static void prepare_streams(struct output *o)
{
    o->out = (struct stream){.output = o, .name = "stdout", .fallback = LOG_LEVEL_INFO};
    o->err = (struct stream){.output = o, .name = "stderr", .fallback = LOG_LEVEL_WARNING};
}

static int open_streams(struct output *o, struct err *e)
{
    prepare_streams(o);
    int r = output_pipe_init(&o->out.pipe, on_line, on_pipe_closed, &o->out, e);
    if (r < 0)
        return r;
    r = output_pipe_init(&o->err.pipe, on_line, on_pipe_closed, &o->err, e);
    if (r < 0)
        output_pipe_close(&o->out.pipe);
    return r;
}

/* Without pipes: release() frees it. */
static struct output *prepare(struct loop *l, const struct output_conf *conf, struct err *e)
{
    struct output *o = calloc(1, sizeof *o);
    if (o) {
        o->freed = true;
        o->identifier = strdup(conf->identifier);
        o->release = strdup(conf->release);
    }
    if (!o || !o->identifier || !o->release) {
        err_sys(e, -ENOMEM, "preparing the output of worker %u", conf->worker);
        if (o)
            release(o);
        return NULL;
    }
    o->loop = l;
    o->rate = conf->rate;
    o->report_period = conf->report_period ? conf->report_period : DEFAULT_REPORT_PERIOD;
    o->on_line = conf->on_line;
    o->arg = conf->arg;
    o->bucket = token_bucket_initial(conf->rate, conf->rate * BURST, loop_now());
    logline_init(&o->line);
    o->errors = error_meter_initial(loop_now());
    o->is_worker = conf->worker > 0;
    number(o->worker, conf->worker);
    number(o->life, conf->life);
    number(o->generation, conf->generation);
    return o;
}

struct output *output_new(struct loop *l, const struct output_conf *conf, struct err *e)
{
    struct output *o = prepare(l, conf, e);
    if (!o)
        return NULL;
    if (open_streams(o, e) < 0) {
        release(o);
        return NULL;
    }
    o->freed = false;
    o->report = timer_new(l, on_report_due, o);
    return o;
}

struct output *output_adopt(struct loop *l, const struct output_conf *conf, pid_t pid,
    int stdout_fd, int stderr_fd, struct err *e)
{
    struct output *o = prepare(l, conf, e);
    if (!o) {
        if (stdout_fd >= 0)
            close(stdout_fd);
        if (stderr_fd >= 0)
            close(stderr_fd);
        return NULL;
    }
    prepare_streams(o);
    output_pipe_adopt(&o->out.pipe, stdout_fd, on_line, on_pipe_closed, &o->out);
    output_pipe_adopt(&o->err.pipe, stderr_fd, on_line, on_pipe_closed, &o->err);
    o->freed = false;
    o->report = timer_new(l, on_report_due, o);
    output_started(o, pid);
    return o;
}

int output_stdout_read_fd(const struct output *o)
{
    return output_pipe_read_fd(&o->out.pipe);
}

int output_stderr_read_fd(const struct output *o)
{
    return output_pipe_read_fd(&o->err.pipe);
}

int output_stdout_fd(const struct output *o)
{
    return o->out.pipe.write_fd;
}

int output_stderr_fd(const struct output *o)
{
    return o->err.pipe.write_fd;
}

static void start(struct stream *s)
{
    output_pipe_start(&s->pipe, s->output->loop);
    s->output->open_handles += s->pipe.started;
}

void output_started(struct output *o, pid_t pid)
{
    number(o->pid, (uint64_t)pid);
    start(&o->out);
    start(&o->err);
}

void output_drain(struct output *o)
{
    output_pipe_drain(&o->out.pipe);
    output_pipe_drain(&o->err.pipe);
    tell_dropped(o);
}

void output_last_lines(const struct output *o, struct strbuf *out)
{
    last_lines_write(&o->last, out);
}

const struct error_meter *output_errors(const struct output *o)
{
    return &o->errors;
}

uint64_t output_lines(const struct output *o)
{
    return o->lines;
}

uint64_t output_dropped(const struct output *o)
{
    return o->dropped;
}

void output_free(struct output *o)
{
    if (!o)
        return;
    output_pipe_close(&o->out.pipe);
    output_pipe_close(&o->err.pipe);
    tell_dropped(o);
    timer_free(o->report);
    o->freed = true;
    release(o);
}
