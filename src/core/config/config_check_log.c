/* Checks of log watches, and of what is done about what they find. */
#include "core/config/config_check.h"
#include "core/config/config_check_value.h"

#include "core/logs/log_pattern.h"
#include "core/remedy.h"

int config_check_log_pattern(const char *text, struct err *e)
{
    struct log_pattern *p = log_pattern_new(text, e);
    if (!p)
        return e->code;
    log_pattern_free(p);
    return 0;
}

/* Where something is said of the watch: at one of its keys, if it has any. */
static const struct config_place *place_of(
    const struct config_build *b, const char *key, unsigned index)
{
    static const char *const others[] = {"Pattern", "Threshold", "Action", "Severity", "Cooldown"};
    const struct config_place *place = config_place_of(b, "LogWatch", key, index);
    for (size_t i = 0; !place && i < sizeof others / sizeof *others; i++)
        place = config_place_of(b, "LogWatch", others[i], index);
    return place;
}

static void check_log_watch(struct config_build *b, unsigned index)
{
    const struct config_log_watch *w = &b->config->log_watches[index];
    enum condition condition;
    if (w->patterns.n == 0 && !config_is_builtin("LogWatch", w->name) &&
        !config_was_refused(b, "LogWatch", "Pattern", index))
        config_report_at(b, place_of(b, "Pattern", index), "no Pattern= of log watch %s", w->name);
    if (w->patterns.n > LIMIT_LOG_PATTERNS)
        config_report_at(b, place_of(b, "Pattern", index),
            "refuse Pattern= of log watch %s: more than %d", w->name, LIMIT_LOG_PATTERNS);
    if ((w->threshold.n == 0 || w->threshold.n > LIMIT_LOG_WATCH_HITS) &&
        !config_was_refused(b, "LogWatch", "Threshold", index))
        config_report_at(b, place_of(b, "Threshold", index),
            "refuse Threshold= of log watch %s: want 1 to %d lines in a time", w->name,
            LIMIT_LOG_WATCH_HITS);
    if (config_log_watch_condition(w, &condition) && w->severity != condition_severity(condition))
        config_report_at(b, place_of(b, "Severity", index),
            "refuse Severity=%s of log watch %s: the incident of that name is %s",
            severity_name(w->severity), w->name, severity_name(condition_severity(condition)));
}

bool config_log_watch_condition(const struct config_log_watch *w, enum condition *out)
{
    static const enum condition conditions[SEVERITY_COUNT] = {
        [SEVERITY_P1] = CONDITION_LOG_WATCH_P1,
        [SEVERITY_P2] = CONDITION_LOG_WATCH_P2,
        [SEVERITY_P3] = CONDITION_LOG_WATCH_P3,
    };
    enum condition own;
    bool is_own = condition_find(w->name, &own) == 0 &&
                  (own == CONDITION_WEBHOOK_FAILURES || own == CONDITION_CALLBACK_FAILURES);
    *out = is_own ? own : conditions[w->severity];
    return is_own;
}

static void check_heal(struct config_build *b)
{
    const struct config_heal *h = &b->config->heal;
    if ((h->budget.n == 0 || h->budget.n > REMEDY_BUDGET_MAX) &&
        !config_was_refused(b, "Heal", "Budget", 0))
        config_report_at(b, config_place_of(b, "Heal", "Budget", 0),
            "refuse Budget= in [Heal]: want 1 to %d in a time", REMEDY_BUDGET_MAX);
}

void config_check_log_watches(struct config_build *b)
{
    check_heal(b);
    for (unsigned i = 0; i < b->config->n_log_watches; i++)
        check_log_watch(b, i);
}
