/* Reading expectations, and judging an answer by them. */
#include "core/fleet/expect.h"

#include "base/num.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "core/fleet/expect_json.h"

#include <cjson/cJSON.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse_status(const char *text, struct expect *x, struct err *e)
{
    char low[8] = "";
    const char *dash = strchr(text, '-');
    size_t len = dash ? (size_t)(dash - text) : strlen(text);
    uint64_t min = 0;
    uint64_t max = 0;
    if (len < sizeof low)
        memcpy(low, text, len);
    if (num_parse_u64(low, 100, 599, &min) < 0 ||
        num_parse_u64(dash ? dash + 1 : low, min, 599, &max) < 0)
        return err_set(e, -EINVAL,
            "\"%.40s\" is no HTTP status such as 200, nor a range such as 200-299", text);
    x->status_min = (int)min;
    x->status_max = (int)max;
    return 0;
}

/* The operator at the end of the path; *out_len is its length. */
static int op_at(const char *p, enum expect_op *out, size_t *out_len)
{
    bool equals = p[0] && p[1] == '=';
    *out_len = equals ? 2 : 1;
    switch (p[0]) {
    case '\0':
        *out = EXPECT_PRESENT;
        *out_len = 0;
        return 0;
    case '=':
        *out = EXPECT_EQ;
        *out_len = 1;
        return 0;
    case '!':
        *out = EXPECT_NE;
        return equals ? 0 : -EINVAL;
    case '<':
        *out = equals ? EXPECT_LE : EXPECT_LT;
        return 0;
    default: /* '>' */
        *out = equals ? EXPECT_GE : EXPECT_GT;
        return 0;
    }
}

static int parse_term(const char *text, struct expect_term *term, struct err *e)
{
    size_t path_len = strcspn(text, "=!<>");
    size_t op_len = 0;
    if (path_len == 0)
        return err_set(e, -EINVAL, "\"%.80s\" has no path before the operator", text);
    if (op_at(text + path_len, &term->op, &op_len) < 0)
        return err_set(e, -EINVAL, "\"%.80s\" has '!' without '='", text);
    const char *value = text + path_len + op_len;
    double number = 0;
    if (term->op >= EXPECT_LT && num_parse_double(value, -1e300, 1e300, &number) < 0)
        return err_set(e, -EINVAL, "\"%.80s\" compares with what is no number", text);
    term->path = strndup(text, path_len);
    term->value = strdup(value);
    if (!term->path || !term->value)
        return err_set(e, -ENOMEM, "out of memory");
    term->fault = PROBE_FAIL;
    return 0;
}

/* The terms on this path fail with `fault`. */
static int mark(struct expect *x, const char *path, enum probe_outcome fault, struct err *e)
{
    bool found = false;
    for (size_t i = 0; i < x->n_terms; i++) {
        struct expect_term *term = &x->terms[i];
        if (strcmp(term->path, path) != 0)
            continue;
        if (term->fault != PROBE_FAIL && term->fault != fault)
            return err_set(e, -EINVAL, "\"%.80s\" is a path of DependencyJson as well", path);
        term->fault = fault;
        found = true;
    }
    if (!found)
        return err_set(e, -EINVAL, "\"%.80s\" is not a path of ExpectJson", path);
    return 0;
}

int expect_init(struct expect *x, const struct expect_spec *spec, struct err *e)
{
    struct expect next = {0};
    int r = parse_status(spec->status, &next, e);
    if (r == 0 && spec->json->n > 0) {
        next.terms = calloc(spec->json->n, sizeof *next.terms);
        if (!next.terms)
            r = err_set(e, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; r == 0 && i < spec->json->n; i++) {
        next.n_terms = i + 1;
        r = parse_term(spec->json->items[i], &next.terms[i], e);
    }
    for (size_t i = 0; r == 0 && i < spec->dependency->n; i++)
        r = mark(&next, spec->dependency->items[i], PROBE_DEPENDENCY, e);
    for (size_t i = 0; r == 0 && i < spec->provider->n; i++)
        r = mark(&next, spec->provider->items[i], PROBE_PROVIDER, e);
    if (r < 0) {
        expect_fini(&next);
        return r;
    }
    *x = next;
    return 0;
}

void expect_fini(struct expect *x)
{
    for (size_t i = 0; i < x->n_terms; i++) {
        free(x->terms[i].path);
        free(x->terms[i].value);
    }
    free(x->terms);
    *x = (struct expect){0};
}

/* Cuts at a character's end, so that the reason stays valid UTF-8. */
static void set_reason(char reason[EXPECT_REASON_MAX], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void set_reason(char reason[EXPECT_REASON_MAX], const char *fmt, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    strbuf_vaddf(&text, fmt, ap);
    va_end(ap);
    size_t len = 0;
    while (len < text.len) {
        size_t n = text_utf8_len(strbuf_text(&text) + len, text.len - len);
        if (n == 0 || len + n >= EXPECT_REASON_MAX)
            break;
        len += n;
    }
    memcpy(reason, strbuf_text(&text), len);
    reason[len] = '\0';
    strbuf_fini(&text);
}

/* Every term is looked at: one that speaks of the worker outweighs those that speak of others. */
static enum probe_outcome judge_json(
    const struct expect *x, const cJSON *root, char reason[EXPECT_REASON_MAX])
{
    enum probe_outcome outcome = PROBE_PASS;
    for (size_t i = 0; i < x->n_terms && outcome != PROBE_FAIL; i++) {
        struct strbuf why = STRBUF_INIT;
        const struct expect_term *term = &x->terms[i];
        bool passed = expect_json_term(term, root, &why);
        if (!passed && probe_outcome_severity(term->fault) > probe_outcome_severity(outcome)) {
            set_reason(reason, "%s", strbuf_text(&why));
            outcome = term->fault;
        }
        strbuf_fini(&why);
    }
    return outcome;
}

enum probe_outcome expect_judge(const struct expect *x, int status, const char *body, size_t len,
    bool truncated, char reason[EXPECT_REASON_MAX])
{
    const char *fault = NULL;
    reason[0] = '\0';
    if (status < x->status_min || status > x->status_max) {
        if (x->status_min == x->status_max)
            set_reason(reason, "status is %d, want %d", status, x->status_min);
        else
            set_reason(reason, "status is %d, want %d-%d", status, x->status_min, x->status_max);
        return PROBE_FAIL;
    }
    if (x->n_terms == 0)
        return PROBE_PASS;
    if (truncated) {
        set_reason(reason, "answer is longer than %zu bytes", len);
        return PROBE_FAIL;
    }
    cJSON *root = expect_json_parse(body, len, &fault);
    if (!root) {
        set_reason(reason, "answer is not JSON: %s", fault);
        return PROBE_FAIL;
    }
    enum probe_outcome outcome = judge_json(x, root, reason);
    cJSON_Delete(root);
    return outcome;
}
