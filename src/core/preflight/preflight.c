/* The checklist before a deployment. */
#include "core/preflight/preflight.h"

#include "core/config/config.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
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
    const char *section;
} checks[] = {
#define X(symbol, name, item, section) {name, PREFLIGHT_ITEM_##item, section},
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
    for (unsigned row = 0; row < preflight_rows(p); row++)
        strbuf_fini(&p->results[row].evidence);
    *p = (struct preflight){0};
}

/* ---- rows ---- */

unsigned preflight_add(struct preflight *p, enum preflight_check c, const char *subject)
{
    unsigned n = p->n_further;
    assert(n < PREFLIGHT_FURTHER_MAX);
    p->further[n].check = c;
    snprintf(p->further[n].subject, sizeof p->further[n].subject, "%s", subject);
    p->n_further++;
    return PREFLIGHT_CHECK_COUNT + n;
}

void preflight_add_all(struct preflight *p, const struct config *config)
{
    for (int c = 0; c < PREFLIGHT_CHECK_COUNT; c++) {
        const char *section = checks[c].section;
        bool keys = section && strcmp(section, "Credential") == 0;
        unsigned n = !section ? 0 : keys ? config->n_credentials : config->n_notifiers;
        for (unsigned i = 0; i < n; i++)
            preflight_add(p, (enum preflight_check)c,
                keys ? config->credentials[i].name : config->notifiers[i].name);
    }
}

unsigned preflight_rows(const struct preflight *p)
{
    return PREFLIGHT_CHECK_COUNT + p->n_further;
}

bool preflight_has(const struct preflight *p, unsigned row)
{
    for (unsigned i = 0; row < PREFLIGHT_CHECK_COUNT && i < p->n_further; i++) {
        if (p->further[i].check == row)
            return false;
    }
    return true;
}

enum preflight_check preflight_row_check(const struct preflight *p, unsigned row)
{
    bool further = row >= PREFLIGHT_CHECK_COUNT;
    return further ? p->further[row - PREFLIGHT_CHECK_COUNT].check : (enum preflight_check)row;
}

const char *preflight_row_subject(const struct preflight *p, unsigned row)
{
    return row < PREFLIGHT_CHECK_COUNT ? "" : p->further[row - PREFLIGHT_CHECK_COUNT].subject;
}

unsigned preflight_find(const struct preflight *p, enum preflight_check c, const char *subject)
{
    for (unsigned i = 0; i < p->n_further; i++) {
        if (p->further[i].check == c && strcmp(p->further[i].subject, subject) == 0)
            return PREFLIGHT_CHECK_COUNT + i;
    }
    return c;
}

void preflight_write_name(const struct preflight *p, unsigned row, struct strbuf *out)
{
    const char *subject = preflight_row_subject(p, row);
    strbuf_addf(
        out, "%s%s%s", checks[preflight_row_check(p, row)].name, subject[0] ? " " : "", subject);
}

/* ---- what comes of them ---- */

void preflight_note(struct preflight *p, unsigned row, bool good, const char *fmt, ...)
{
    struct preflight_result *r = &p->results[row];
    struct strbuf all = STRBUF_INIT;
    const char *before = strbuf_text(&r->evidence);
    size_t len = r->evidence.len;
    size_t at = good ? len : r->against;
    va_list ap;
    if (r->verdict != PREFLIGHT_PENDING)
        return;
    strbuf_add(&all, before, at);
    strbuf_adds(&all, at > 0 ? "\n" : "");
    va_start(ap, fmt);
    strbuf_vaddf(&all, fmt, ap);
    va_end(ap);
    r->against = good ? r->against : all.len;
    strbuf_adds(&all, at == 0 && len > 0 ? "\n" : "");
    strbuf_add(&all, before + at, len - at);
    strbuf_fini(&r->evidence);
    r->evidence = all;
    r->bad = r->bad || !good;
}

void preflight_end(struct preflight *p, unsigned row, usec_t took)
{
    struct preflight_result *r = &p->results[row];
    if (r->verdict != PREFLIGHT_PENDING)
        return;
    r->verdict = r->bad || r->evidence.len == 0 ? PREFLIGHT_FAILED : PREFLIGHT_PASSED;
    r->took = took;
}

void preflight_leave(struct preflight *p, unsigned row, const char *reason)
{
    struct preflight_result *r = &p->results[row];
    if (r->verdict != PREFLIGHT_PENDING)
        return;
    strbuf_reset(&r->evidence);
    strbuf_adds(&r->evidence, reason);
    r->verdict = PREFLIGHT_SKIPPED;
}

/* ---- the skip list ---- */

static bool is_word(const char *entry, size_t len, const char *word)
{
    return strlen(word) == len && strncmp(word, entry, len) == 0;
}

/* Whether the entry's first `len` bytes name the row, or more than it. */
static bool names(const char *entry, size_t len, const struct preflight *p, unsigned row)
{
    enum preflight_check c = preflight_row_check(p, row);
    const char *subject = preflight_row_subject(p, row);
    size_t own = strlen(checks[c].name);
    if (is_word(entry, len, checks[c].name) || is_word(entry, len, items[checks[c].item].name))
        return true;
    return subject[0] && len > own && is_word(entry, own, checks[c].name) && entry[own] == ' ' &&
           is_word(entry + own + 1, len - own - 1, subject);
}

/* Whether they name a row that there may be, for all that is known. */
static bool may_name(const char *entry, size_t len)
{
    for (int c = 0; c < PREFLIGHT_CHECK_COUNT; c++) {
        size_t own = strlen(checks[c].name);
        if (checks[c].section && len > own + 1 && is_word(entry, own, checks[c].name) &&
            entry[own] == ' ')
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
    static const struct preflight none = {0};
    const struct preflight *all = p ? p : &none;
    size_t len = strcspn(entry, ":");
    const char *reason = entry[len] ? entry + len + 1 : "";
    bool known = !p && may_name(entry, len);
    while (isspace((unsigned char)*reason))
        reason++;
    if (!*reason)
        return err_set(e, -EINVAL, "\"%.80s\" has no reason, want ITEM: reason", entry);
    for (unsigned row = 0; row < preflight_rows(all); row++) {
        if (!names(entry, len, all, row))
            continue;
        known = true;
        if (p)
            preflight_leave(p, row, reason);
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

/* Of an item, or with PREFLIGHT_ITEM_COUNT of all of them. */
static enum preflight_verdict joined_verdict(const struct preflight *p, int item)
{
    enum preflight_verdict verdict = PREFLIGHT_SKIPPED;
    for (unsigned row = 0; row < preflight_rows(p); row++) {
        bool in = item == PREFLIGHT_ITEM_COUNT || (int)preflight_row_item(p, row) == item;
        if (in && preflight_has(p, row))
            verdict = joined(verdict, p->results[row].verdict);
    }
    return verdict;
}

enum preflight_verdict preflight_item_verdict(const struct preflight *p, enum preflight_item item)
{
    return joined_verdict(p, (int)item);
}

enum preflight_verdict preflight_verdict(const struct preflight *p)
{
    return joined_verdict(p, PREFLIGHT_ITEM_COUNT);
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
    for (unsigned row = 0; row < preflight_rows(p); row++) {
        if (preflight_row_item(p, row) == item && p->results[row].took > took)
            took = p->results[row].took;
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

enum preflight_item preflight_row_item(const struct preflight *p, unsigned row)
{
    return checks[preflight_row_check(p, row)].item;
}

const char *preflight_verdict_name(enum preflight_verdict verdict)
{
    return verdicts[verdict];
}
