/*
 * The checklist before a deployment: its items, the checks that each consists of, and what came of
 * them. An item failed when a check of it failed, and is skipped when every check is. What is
 * skipped has a reason that somebody wrote down; what is not configured has failed.
 *
 * A check is one row of it, by the check's own number. One that is made of each section of a kind
 * has a row for each of them instead, with further numbers, and its own row is not there.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "base/strlist.h"
#include "core/limits.h"

#include <stdbool.h>

struct config;

/* X(SYMBOL, name, title) */
#define PREFLIGHT_ITEMS(X)                                                                         \
    X(TESTS, "tests", "Tests")                                                                     \
    X(CREDENTIALS, "credentials", "Provider credentials")                                          \
    X(SCALING, "scaling", "Scaling")                                                               \
    X(MONITORING, "monitoring", "Monitoring and alerts")                                           \
    X(ROLLBACK, "rollback", "Rollback plan")                                                       \
    X(TEAM, "team", "Team notified")

/* X(SYMBOL, name, ITEM, section of which each has a row, or NULL): of one item side by side. No
 * name is an item's as well. */
#define PREFLIGHT_CHECKS(X)                                                                        \
    X(TEST_COMMAND, "test-command", TESTS, NULL)                                                   \
    X(PROVIDER_KEY, "provider-key", CREDENTIALS, "Credential")                                     \
    X(BOUNDS, "bounds", SCALING, NULL)                                                             \
    X(THRESHOLDS, "thresholds", SCALING, NULL)                                                     \
    X(CAPACITY, "capacity", SCALING, NULL)                                                         \
    X(MEMORY, "memory", SCALING, NULL)                                                             \
    X(DESCRIPTORS, "descriptors", SCALING, NULL)                                                   \
    X(DASHBOARDS, "dashboards", MONITORING, NULL)                                                  \
    X(SCRAPE, "scrape", MONITORING, NULL)                                                          \
    X(RULES, "rules", MONITORING, NULL)                                                            \
    X(ALERTMANAGER, "alertmanager", MONITORING, NULL)                                              \
    X(ALERT_PATH, "alert-path", MONITORING, NULL)                                                  \
    X(TEST_NOTICE, "test-notice", MONITORING, "Notify")                                            \
    X(ROLLBACK_COMMAND, "rollback-command", ROLLBACK, NULL)                                        \
    X(ROLLBACK_DRY_RUN, "rollback-dry-run", ROLLBACK, NULL)                                        \
    X(PREVIOUS_RELEASE, "previous-release", ROLLBACK, NULL)                                        \
    X(ANNOUNCEMENT, "announcement", TEAM, NULL)                                                    \
    X(START_NOTICE, "start-notice", TEAM, "Notify")

#define PREFLIGHT_VERDICTS(X)                                                                      \
    X(PENDING, "pending")                                                                          \
    X(PASSED, "passed")                                                                            \
    X(FAILED, "failed")                                                                            \
    X(SKIPPED, "skipped")

#define X(symbol, name, title) PREFLIGHT_ITEM_##symbol,
enum preflight_item { PREFLIGHT_ITEMS(X) PREFLIGHT_ITEM_COUNT };
#undef X
#define X(symbol, name, item, section) PREFLIGHT_##symbol,
enum preflight_check { PREFLIGHT_CHECKS(X) PREFLIGHT_CHECK_COUNT };
#undef X
#define X(symbol, name) PREFLIGHT_##symbol,
enum preflight_verdict { PREFLIGHT_VERDICTS(X) };
#undef X

enum {
    PREFLIGHT_FURTHER_MAX = LIMIT_CREDENTIALS + 2 * LIMIT_NOTIFIERS,
    PREFLIGHT_ROWS_MAX = (int)PREFLIGHT_CHECK_COUNT + PREFLIGHT_FURTHER_MAX,
};

struct preflight_result {
    enum preflight_verdict verdict;
    bool bad;               /* something noted so far speaks against it */
    struct strbuf evidence; /* lines, those that speak against it first; or why it is skipped */
    size_t against;         /* bytes of them */
    usec_t took;
};

/* Begins as zeroes: every check is pending. */
struct preflight {
    struct preflight_result results[PREFLIGHT_ROWS_MAX];
    struct {
        enum preflight_check check;
        char subject[LIMIT_NAME + 1];
    } further[PREFLIGHT_FURTHER_MAX];
    unsigned n_further;
};

void preflight_fini(struct preflight *p);

/* Adds the row of a check for one section, and returns its number. There is room for all of a
 * configuration. */
unsigned preflight_add(struct preflight *p, enum preflight_check c, const char *subject);

/* All that this configuration has. */
void preflight_add_all(struct preflight *p, const struct config *config);

/* Rows have numbers below this one; those that are replaced by others are not there. */
unsigned preflight_rows(const struct preflight *p);
bool preflight_has(const struct preflight *p, unsigned row);
enum preflight_check preflight_row_check(const struct preflight *p, unsigned row);
const char *preflight_row_subject(const struct preflight *p, unsigned row); /* "": of no section */

/* The row of a check for this section; its own if there is none. */
unsigned preflight_find(const struct preflight *p, enum preflight_check c, const char *subject);

/* "provider-key speech": appends what people call the row. */
void preflight_write_name(const struct preflight *p, unsigned row, struct strbuf *out);

/* Adds a line of evidence to a row that is pending; one that is not `good` will fail it, and stands
 * before those that are. */
void preflight_note(struct preflight *p, unsigned row, bool good, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* It is over: it passed if it has evidence, and none against it. */
void preflight_end(struct preflight *p, unsigned row, usec_t took);

/* It is not looked at, for this reason, which somebody wrote down elsewhere. */
void preflight_leave(struct preflight *p, unsigned row, const char *reason);

/*
 * Reads one entry of a skip list, `ITEM: reason`, where ITEM is an item, a check, or a check and
 * the section that it is of (`provider-key speech`). Returns 0, or -EINVAL with *e. Either may be
 * NULL: it is only to be checked, and any section's name will do.
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
enum preflight_item preflight_row_item(const struct preflight *p, unsigned row);
const char *preflight_verdict_name(enum preflight_verdict verdict);
