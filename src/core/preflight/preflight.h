/*
 * The checklist before a deployment: its items, the checks that each consists of, and what came of
 * them. An item failed when a check of it failed, and is skipped when every check is. What is
 * skipped has a reason that somebody wrote down; what is not configured has failed.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "base/strlist.h"

#include <stdbool.h>

/* X(SYMBOL, name, title) */
#define PREFLIGHT_ITEMS(X)                                                                         \
    X(TESTS, "tests", "Tests")                                                                     \
    X(SCALING, "scaling", "Scaling")                                                               \
    X(MONITORING, "monitoring", "Monitoring and alerts")                                           \
    X(ROLLBACK, "rollback", "Rollback plan")

/* X(SYMBOL, name, ITEM): of one item side by side. No name is an item's as well. */
#define PREFLIGHT_CHECKS(X)                                                                        \
    X(TEST_COMMAND, "test-command", TESTS)                                                         \
    X(BOUNDS, "bounds", SCALING)                                                                   \
    X(THRESHOLDS, "thresholds", SCALING)                                                           \
    X(CAPACITY, "capacity", SCALING)                                                               \
    X(MEMORY, "memory", SCALING)                                                                   \
    X(DESCRIPTORS, "descriptors", SCALING)                                                         \
    X(DASHBOARDS, "dashboards", MONITORING)                                                        \
    X(SCRAPE, "scrape", MONITORING)                                                                \
    X(RULES, "rules", MONITORING)                                                                  \
    X(ALERTMANAGER, "alertmanager", MONITORING)                                                    \
    X(ALERT_PATH, "alert-path", MONITORING)                                                        \
    X(ROLLBACK_COMMAND, "rollback-command", ROLLBACK)                                              \
    X(ROLLBACK_DRY_RUN, "rollback-dry-run", ROLLBACK)                                              \
    X(PREVIOUS_RELEASE, "previous-release", ROLLBACK)

#define PREFLIGHT_VERDICTS(X)                                                                      \
    X(PENDING, "pending")                                                                          \
    X(PASSED, "passed")                                                                            \
    X(FAILED, "failed")                                                                            \
    X(SKIPPED, "skipped")

#define X(symbol, name, title) PREFLIGHT_ITEM_##symbol,
enum preflight_item { PREFLIGHT_ITEMS(X) PREFLIGHT_ITEM_COUNT };
#undef X
#define X(symbol, name, item) PREFLIGHT_##symbol,
enum preflight_check { PREFLIGHT_CHECKS(X) PREFLIGHT_CHECK_COUNT };
#undef X
#define X(symbol, name) PREFLIGHT_##symbol,
enum preflight_verdict { PREFLIGHT_VERDICTS(X) };
#undef X

struct preflight_result {
    enum preflight_verdict verdict;
    bool bad;               /* something noted so far speaks against it */
    struct strbuf evidence; /* lines; of what is skipped the reason */
    usec_t took;
};

/* Begins as zeroes: every check is pending. */
struct preflight {
    struct preflight_result results[PREFLIGHT_CHECK_COUNT];
};

void preflight_fini(struct preflight *p);

/* Adds a line of evidence to a check that is pending; one that is not `good` will fail it. */
void preflight_note(struct preflight *p, enum preflight_check c, bool good, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The check is over: it passed if it has evidence, and none against it. */
void preflight_end(struct preflight *p, enum preflight_check c, usec_t took);

/*
 * Reads one entry of a skip list, `ITEM: reason`, where ITEM is an item or a check. Returns 0, or
 * -EINVAL with *e. Either may be NULL: it is only to be checked.
 */
int preflight_skip(const char *entry, struct preflight *p, struct err *e);

/* The same for a whole list, which was checked. */
void preflight_skip_all(const struct strlist *entries, struct preflight *p);

enum preflight_verdict preflight_item_verdict(const struct preflight *p, enum preflight_item item);

/* Over all items; PENDING until every check is over. */
enum preflight_verdict preflight_verdict(const struct preflight *p);

/* Appends the items with this verdict, separated by ", ". */
void preflight_write_items(
    const struct preflight *p, enum preflight_verdict verdict, struct strbuf *out);

/* The sum over its checks' times is not its time: they ran side by side. The longest of them. */
usec_t preflight_item_took(const struct preflight *p, enum preflight_item item);

const char *preflight_item_name(enum preflight_item item);
const char *preflight_item_title(enum preflight_item item);
const char *preflight_check_name(enum preflight_check c);
enum preflight_item preflight_check_item(enum preflight_check c);
const char *preflight_verdict_name(enum preflight_verdict verdict);
