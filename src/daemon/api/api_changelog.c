/* The change log: its latest entries, and what an operator adds. */
#include "base/num.h"
#include "base/strbuf.h"
#include "base/timestamp.h"
#include "core/changes/change_kind.h"
#include "core/limits.h"
#include "daemon/api/api_parts.h"
#include "daemon/changes/changes.h"
#include "daemon/daemon.h"
#include "daemon/verbs/operation.h"
#include "io/files/changelog_file.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 1000 };

struct wanted {
    uint64_t limit;
    usec_t since;
    const char *kind;   /* NULL: any, as for the next */
    const char *author; /* "root" as well for "root (alice)" */
};

/* False and has answered. */
static bool read_wanted(const struct api_exchange *x, struct wanted *out)
{
    const char *limit = http_server_query(x->request, "limit");
    const char *since = http_server_query(x->request, "since");
    struct strbuf words = STRBUF_INIT;
    *out = (struct wanted){.limit = LIMIT_DEFAULT,
        .kind = http_server_query(x->request, "kind"),
        .author = http_server_query(x->request, "author")};
    if (limit && num_parse_u64(limit, 1, LIMIT_MAX, &out->limit) < 0)
        api_answer_error(x, 400, "bad-request", "`limit` is a whole number from 1 to 1000");
    else if (since && timestamp_parse(since, strlen(since), &out->since) < 0)
        api_answer_error(x, 400, "bad-request", "`since` is a time such as 2026-01-02T03:04:05Z");
    else if (!out->kind || change_kind_is(out->kind))
        return true;
    else {
        strbuf_addf(&words, "no change is of kind \"%.40s\", they are of: ", out->kind);
        change_kinds_write(&words);
        api_answer_error(x, 400, "bad-request", strbuf_text(&words));
        strbuf_fini(&words);
    }
    return false;
}

static const char *text_of(const struct cJSON *entry, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(entry, name));
    return text ? text : "";
}

/* "root" and "alice" are both the author "root (alice)". */
static bool is_author(const char *author, const char *wanted)
{
    size_t len = strlen(wanted);
    const char *at = strstr(author, wanted);
    bool begins = at && (at == author || at[-1] == '(');
    return begins && (at[len] == '\0' || at[len] == ' ' || at[len] == ')');
}

static usec_t time_of(const struct cJSON *entry)
{
    const char *time = text_of(entry, "time");
    usec_t wall = 0;
    (void)timestamp_parse(time, strlen(time), &wall);
    return wall;
}

static bool is_wanted(const struct cJSON *entry, const struct wanted *wanted)
{
    return time_of(entry) >= wanted->since &&
           (!wanted->kind || strcmp(text_of(entry, "kind"), wanted->kind) == 0) &&
           (!wanted->author || is_author(text_of(entry, "author"), wanted->author));
}

struct shown {
    const struct wanted *wanted;
    struct cJSON *list; /* the newest first */
    uint64_t n, lines, faults;
    bool more; /* there are older ones */
};

static void add_line(const char *line, size_t len, enum changelog_fault fault, void *arg)
{
    struct shown *s = arg;
    struct cJSON *entry = cJSON_ParseWithLength(line, len);
    s->faults += fault != CHANGELOG_NONE;
    if (s->lines++ == 0 && s->more)
        s->more = time_of(entry) >= s->wanted->since;
    if (!cJSON_IsObject(entry) || !is_wanted(entry, s->wanted)) {
        cJSON_Delete(entry);
        return;
    }
    if (fault != CHANGELOG_NONE) {
        cJSON_AddTrueToObject(entry, "tampered");
        cJSON_AddStringToObject(entry, "fault", changelog_fault_words(fault));
    }
    cJSON_InsertItemInArray(s->list, 0, entry);
    if (++s->n <= s->wanted->limit)
        return;
    s->more = true;
    cJSON_Delete(cJSON_DetachItemViaPointer(s->list, s->list->child->prev));
}

/* A log of which `len` bytes were read is longer if that is about all that may be read. */
static void add_lines(const struct changes *c, struct cJSON *answer, struct strbuf *all, size_t len,
    const struct wanted *wanted)
{
    struct changelog_head end;
    bool whole = len < LIMIT_CHANGELOG_TAIL / 2;
    struct shown shown = {.wanted = wanted, .more = !whole};
    shown.list = cJSON_AddArrayToObject(answer, "changes");
    changes_add_waiting(c, all);
    changelog_walk(strbuf_text(all), all->len, whole, add_line, &shown, &end);
    cJSON_AddNumberToObject(answer, "faults", (double)shown.faults);
    cJSON_AddBoolToObject(answer, "more", shown.more);
    cJSON_AddBoolToObject(answer, "end_missing", !changes_is_end(c, &end));
}

void api_get_changelog(const struct api_exchange *x)
{
    struct err e = {0};
    struct wanted wanted;
    char *text = NULL;
    size_t len = 0;
    const char *path = changes_path(x->daemon->changes);
    if (!read_wanted(x, &wanted))
        return;
    if (changelog_file_tail(path, LIMIT_CHANGELOG_TAIL, &text, &len, &e) < 0) {
        api_answer_error(x, 503, "unreadable", e.msg);
        return;
    }
    struct cJSON *o = cJSON_CreateObject();
    struct strbuf all = STRBUF_INIT;
    strbuf_add(&all, text, len);
    cJSON_AddStringToObject(o, "file", path);
    add_lines(x->daemon->changes, o, &all, len, &wanted);
    strbuf_fini(&all);
    free(text);
    api_answer_json(x, 200, o);
}

struct operation *api_do_note(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    if (!body->text || !body->text[0]) {
        err_set(e, -EINVAL, "adding to the change log: \"text\" must say what was changed");
        return NULL;
    }
    struct operation *op = verb_begin(d, "changelog add", asker, e);
    if (!op)
        return NULL;
    changes_add(d->changes, &(struct change){.kind = CHANGE_NOTE,
                                .author = asker->author,
                                .text = body->text,
                                .reason = asker->reason});
    operation_end(op, OPERATION_DONE, "noted in the change log");
    return op;
}
