/* Operations: progress and verdict of what an operator asked for. */
#include "daemon/verbs/operation.h"

#include "base/strbuf.h"
#include "core/limits.h"
#include "io/loop/loop.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct operation {
    const struct operations *all;
    uint64_t id; /* 0: free */
    const char *kind;
    char *author;
    char *reason;
    enum operation_state state;
    enum operation_state verdict; /* kept back; RUNNING: there is none yet */
    bool keeps_back;
    struct strbuf message;
    struct cJSON *so_far; /* NULL: its kind does not tell */
    struct cJSON *result;
    usec_t began_at;
    usec_t ended_at;
    uint64_t progress_seq; /* of the latest line; the lines kept end with it */
    unsigned n_progress;
    char *progress[LIMIT_PROGRESS_LINES]; /* ring: line SEQ is at SEQ % LIMIT_PROGRESS_LINES */
};

struct operations {
    uint64_t latest_id;
    void (*on_end)(const struct operation *op, void *arg); /* NULL: nobody wants to hear of it */
    void *arg;
    struct operation items[LIMIT_OPERATIONS];
};

static const struct {
    const char *name;
    enum vk_exit exit_code;
} states[] = {
    [OPERATION_RUNNING] = {"running", VK_EXIT_DONE},
    [OPERATION_DONE] = {"done", VK_EXIT_DONE},
    [OPERATION_FAILED] = {"failed", VK_EXIT_FAILED},
    [OPERATION_ROLLED_BACK] = {"rolled_back", VK_EXIT_ROLLED_BACK},
    [OPERATION_TIMED_OUT] = {"timed_out", VK_EXIT_TIMED_OUT},
};

static void operation_clear(struct operation *op)
{
    free(op->author);
    free(op->reason);
    strbuf_fini(&op->message);
    cJSON_Delete(op->so_far);
    cJSON_Delete(op->result);
    for (unsigned i = 0; i < LIMIT_PROGRESS_LINES; i++)
        free(op->progress[i]);
    *op = (struct operation){0};
}

struct operations *operations_new(uint64_t latest)
{
    struct operations *all = calloc(1, sizeof *all);
    if (all)
        all->latest_id = latest;
    return all;
}

void operations_on_end(
    struct operations *all, void (*on_end)(const struct operation *op, void *arg), void *arg)
{
    all->on_end = on_end;
    all->arg = arg;
}

uint64_t operations_latest(const struct operations *all)
{
    return all->latest_id;
}

void operations_free(struct operations *all)
{
    if (!all)
        return;
    for (unsigned i = 0; i < LIMIT_OPERATIONS; i++)
        operation_clear(&all->items[i]);
    free(all);
}

/* Who waits for an operation asks for it again within a second: the latest to end are kept. */
static bool ended_before(const struct operation *a, const struct operation *b)
{
    return a->ended_at != b->ended_at ? a->ended_at < b->ended_at : a->id < b->id;
}

/* A free place, else that of the one which ended first. */
static struct operation *place_for_new(struct operations *all)
{
    struct operation *oldest = NULL;
    for (unsigned i = 0; i < LIMIT_OPERATIONS; i++) {
        struct operation *op = &all->items[i];
        if (op->id == 0)
            return op;
        if (op->state != OPERATION_RUNNING && (!oldest || ended_before(op, oldest)))
            oldest = op;
    }
    return oldest;
}

struct operation *operation_begin(
    struct operations *all, const char *kind, const char *author, const char *reason)
{
    struct operation *op = place_for_new(all);
    if (!op)
        return NULL;
    operation_clear(op);
    op->author = strdup(author);
    op->reason = strdup(reason ? reason : "");
    if (!op->author || !op->reason) {
        operation_clear(op);
        return NULL;
    }
    op->all = all;
    op->id = ++all->latest_id;
    op->kind = kind;
    op->state = OPERATION_RUNNING;
    op->began_at = loop_now();
    return op;
}

struct operation *operation_restore(
    struct operations *all, uint64_t id, const char *kind, const char *author, const char *reason)
{
    uint64_t latest = all->latest_id;
    struct operation *op = operation_begin(all, kind, author, reason);
    if (op)
        op->id = id;
    all->latest_id = latest;
    return op;
}

struct operation *operation_find(struct operations *all, uint64_t id)
{
    for (unsigned i = 0; id != 0 && i < LIMIT_OPERATIONS; i++) {
        if (all->items[i].id == id)
            return &all->items[i];
    }
    return NULL;
}

uint64_t operation_id(const struct operation *op)
{
    return op->id;
}

const char *operation_kind(const struct operation *op)
{
    return op->kind;
}

bool operation_running(const struct operation *op)
{
    return op->state == OPERATION_RUNNING;
}

const char *operation_state_name(const struct operation *op)
{
    return states[op->state].name;
}

const char *operation_message(const struct operation *op)
{
    return strbuf_text(&op->message);
}

const char *operation_author(const struct operation *op)
{
    return op->author;
}

const char *operation_reason(const struct operation *op)
{
    return op->reason;
}

usec_t operation_age(const struct operation *op)
{
    return usec_sub(loop_now(), op->began_at);
}

void operation_progress(struct operation *op, const char *fmt, ...)
{
    if (!op || op->state != OPERATION_RUNNING)
        return;
    struct strbuf line = STRBUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    strbuf_vaddf(&line, fmt, ap);
    va_end(ap);
    char **place = &op->progress[++op->progress_seq % LIMIT_PROGRESS_LINES];
    free(*place);
    *place = strbuf_take(&line);
    if (op->n_progress < LIMIT_PROGRESS_LINES)
        op->n_progress++;
}

void operation_set_so_far(struct operation *op, struct cJSON *so_far)
{
    if (!op || op->state != OPERATION_RUNNING) {
        cJSON_Delete(so_far);
        return;
    }
    cJSON_Delete(op->so_far);
    op->so_far = so_far;
}

void operation_set_result(struct operation *op, struct cJSON *result)
{
    cJSON_Delete(op->result);
    op->result = result;
}

const struct cJSON *operation_result(const struct operation *op)
{
    return op->result;
}

void operation_keep_back(struct operation *op)
{
    if (op && op->state == OPERATION_RUNNING)
        op->keeps_back = true;
}

static void end(struct operation *op, enum operation_state state)
{
    op->state = state;
    op->ended_at = loop_now();
    if (op->all->on_end)
        op->all->on_end(op, op->all->arg);
}

void operation_release(struct operation *op, const char *words)
{
    if (!op || !op->keeps_back)
        return;
    op->keeps_back = false;
    if (words[0] && op->verdict != OPERATION_RUNNING)
        strbuf_addf(&op->message, "\n%s", words);
    if (op->verdict != OPERATION_RUNNING)
        end(op, op->verdict);
}

void operation_end(struct operation *op, enum operation_state state, const char *fmt, ...)
{
    if (!op || op->state != OPERATION_RUNNING || op->verdict != OPERATION_RUNNING)
        return;
    va_list ap;
    va_start(ap, fmt);
    strbuf_vaddf(&op->message, fmt, ap);
    va_end(ap);
    if (op->keeps_back)
        op->verdict = state;
    else
        end(op, state);
}

static struct cJSON *progress_json(const struct operation *op, uint64_t after)
{
    struct cJSON *lines = cJSON_CreateArray();
    uint64_t oldest = op->progress_seq - op->n_progress + 1;
    for (uint64_t seq = after + 1 > oldest ? after + 1 : oldest; seq <= op->progress_seq; seq++) {
        const char *text = op->progress[seq % LIMIT_PROGRESS_LINES];
        struct cJSON *line = cJSON_CreateObject();
        cJSON_AddNumberToObject(line, "seq", (double)seq);
        cJSON_AddStringToObject(line, "message", text ? text : "");
        cJSON_AddItemToArray(lines, line);
    }
    return lines;
}

struct cJSON *operation_json(const struct operation *op, uint64_t after)
{
    struct cJSON *o = cJSON_CreateObject();
    usec_t until = op->state == OPERATION_RUNNING ? loop_now() : op->ended_at;
    cJSON_AddNumberToObject(o, "id", (double)op->id);
    cJSON_AddStringToObject(o, "kind", op->kind);
    cJSON_AddStringToObject(o, "state", states[op->state].name);
    cJSON_AddStringToObject(o, "author", op->author);
    cJSON_AddStringToObject(o, "reason", op->reason);
    cJSON_AddNumberToObject(o, "took_usec", (double)usec_sub(until, op->began_at));
    cJSON_AddStringToObject(o, "message", strbuf_text(&op->message));
    if (op->state != OPERATION_RUNNING)
        cJSON_AddNumberToObject(o, "exit_code", states[op->state].exit_code);
    if (op->so_far && op->state == OPERATION_RUNNING)
        cJSON_AddItemToObject(o, "so_far", cJSON_Duplicate(op->so_far, true));
    if (op->result)
        cJSON_AddItemToObject(o, "result", cJSON_Duplicate(op->result, true));
    cJSON_AddItemToObject(o, "progress", progress_json(op, after));
    return o;
}
