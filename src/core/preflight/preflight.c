/* The checklist before a deployment. */
#include "core/preflight/preflight.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

static const struct {
    const char *name;
    const char *title;
} items[] = {
#define X(symbol, name, title) {name, title},
    PREFLIGHT_ITEMS(X)
#undef X
};

static const struct {
    const char *name;
    enum preflight_item item;
} checks[] = {
#define X(symbol, name, item) {name, PREFLIGHT_ITEM_##item},
    PREFLIGHT_CHECKS(X)
#undef X
};

static const char *const verdicts[] = {
#define X(symbol, name) name,
    PREFLIGHT_VERDICTS(X)
#undef X
};

void preflight_fini(struct preflight *p)
{
    for (int c = 0; c < PREFLIGHT_CHECK_COUNT; c++)
        strbuf_fini(&p->results[c].evidence);
    *p = (struct preflight){0};
}

void preflight_note(struct preflight *p, enum preflight_check c, bool good, const char *fmt, ...)
{
    struct preflight_result *r = &p->results[c];
    va_list ap;
    if (r->verdict != PREFLIGHT_PENDING)
        return;
    if (r->evidence.len > 0)
        strbuf_addc(&r->evidence, '\n');
    va_start(ap, fmt);
    strbuf_vaddf(&r->evidence, fmt, ap);
    va_end(ap);
    r->bad = r->bad || !good;
}

void preflight_end(struct preflight *p, enum preflight_check c, usec_t took)
{
    struct preflight_result *r = &p->results[c];
    if (r->verdict != PREFLIGHT_PENDING)
        return;
    r->verdict = r->bad || r->evidence.len == 0 ? PREFLIGHT_FAILED : PREFLIGHT_PASSED;
    r->took = took;
}

/* Whether the entry's first `len` bytes name the check or its item. */
static bool names(const char *entry, size_t len, int check)
{
    const char *const known[] = {checks[check].name, items[checks[check].item].name};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strlen(known[i]) == len && strncmp(known[i], entry, len) == 0)
            return true;
    }
    return false;
}

static int refuse_name(const char *entry, size_t len, struct err *e)
{
    struct strbuf known = STRBUF_INIT;
    for (int i = 0; i < PREFLIGHT_ITEM_COUNT; i++)
        strbuf_addf(&known, "%s%s", i > 0 ? ", " : "", items[i].name);
    int r = err_set(e, -EINVAL, "\"%.*s\" is neither an item (%s) nor a check of one",
        len < 80 ? (int)len : 80, entry, strbuf_text(&known));
    strbuf_fini(&known);
    return r;
}

int preflight_skip(const char *entry, struct preflight *p, struct err *e)
{
    size_t len = strcspn(entry, ":");
    const char *reason = entry[len] ? entry + len + 1 : "";
    bool known = false;
    while (isspace((unsigned char)*reason))
        reason++;
    if (!*reason)
        return err_set(e, -EINVAL, "\"%.80s\" has no reason, want ITEM: reason", entry);
    for (int c = 0; c < PREFLIGHT_CHECK_COUNT; c++) {
        if (!names(entry, len, c))
            continue;
        known = true;
        if (p && p->results[c].verdict == PREFLIGHT_PENDING) {
            strbuf_reset(&p->results[c].evidence);
            strbuf_adds(&p->results[c].evidence, reason);
            p->results[c].verdict = PREFLIGHT_SKIPPED;
        }
    }
    return known ? 0 : refuse_name(entry, len, e);
}

void preflight_skip_all(const struct strlist *entries, struct preflight *p)
{
    for (size_t i = 0; i < entries->n; i++)
        (void)!preflight_skip(entries->items[i], p, NULL);
}

/* Of two verdicts the one that is told of both. */
static enum preflight_verdict joined(enum preflight_verdict a, enum preflight_verdict b)
{
    static const int weight[] = {[PREFLIGHT_SKIPPED] = 0,
        [PREFLIGHT_PASSED] = 1,
        [PREFLIGHT_FAILED] = 2,
        [PREFLIGHT_PENDING] = 3};
    return weight[a] > weight[b] ? a : b;
}

enum preflight_verdict preflight_item_verdict(const struct preflight *p, enum preflight_item item)
{
    enum preflight_verdict verdict = PREFLIGHT_SKIPPED;
    for (int c = 0; c < PREFLIGHT_CHECK_COUNT; c++) {
        if (checks[c].item == item)
            verdict = joined(verdict, p->results[c].verdict);
    }
    return verdict;
}

enum preflight_verdict preflight_verdict(const struct preflight *p)
{
    enum preflight_verdict verdict = PREFLIGHT_SKIPPED;
    for (int c = 0; c < PREFLIGHT_CHECK_COUNT; c++)
        verdict = joined(verdict, p->results[c].verdict);
    return verdict;
}

void preflight_write_items(
    const struct preflight *p, enum preflight_verdict verdict, struct strbuf *out)
{
    const char *separator = "";
    for (int i = 0; i < PREFLIGHT_ITEM_COUNT; i++) {
        if (preflight_item_verdict(p, (enum preflight_item)i) != verdict)
            continue;
        strbuf_addf(out, "%s%s", separator, items[i].name);
        separator = ", ";
    }
}

usec_t preflight_item_took(const struct preflight *p, enum preflight_item item)
{
    usec_t took = 0;
    for (int c = 0; c < PREFLIGHT_CHECK_COUNT; c++) {
        if (checks[c].item == item && p->results[c].took > took)
            took = p->results[c].took;
    }
    return took;
}

const char *preflight_item_name(enum preflight_item item)
{
    return items[item].name;
}

const char *preflight_item_title(enum preflight_item item)
{
    return items[item].title;
}

const char *preflight_check_name(enum preflight_check c)
{
    return checks[c].name;
}

enum preflight_item preflight_check_item(enum preflight_check c)
{
    return checks[c].item;
}

const char *preflight_verdict_name(enum preflight_verdict verdict)
{
    return verdicts[verdict];
}
