/* How long is waited for the checklist: for notifiers, and for the whole of it. */
#include "daemon/preflight/preflight_parts.h"

#include "daemon/daemon.h"
#include "daemon/preflight/preflight_monitor.h"

/* What waits for its turn behind others, or in a pause after failures, is not waited for longer. */
static void give_up_notifier(struct preflight_run *run, unsigned row)
{
    char span[SPAN_TEXT_MAX];
    span_format(run->spec.config->preflight.notify_timeout, span);
    if (preflight_row_check(&run->list, row) == PREFLIGHT_TEST_NOTICE)
        preflight_note(&run->list, row, false,
            "it did not take a test notice within %s (NotifyTimeout=): no answer came", span);
    else
        preflight_note(&run->list, row, false,
            "nothing was sent to it within %s (NotifyTimeout=); it is told as soon as that is "
            "possible",
            span);
    preflight_stop_trial(run, row);
    preflight_over(run, row);
}

static void on_impatient(void *arg)
{
    struct preflight_run *run = arg;
    for (unsigned row = 0; row < preflight_rows(&run->list); row++) {
        enum preflight_check check = preflight_row_check(&run->list, row);
        bool notifies = check == PREFLIGHT_TEST_NOTICE || check == PREFLIGHT_START_NOTICE;
        if (notifies && preflight_has(&run->list, row) && preflight_wanted(run, row))
            give_up_notifier(run, row);
    }
}

static void on_overdue(void *arg)
{
    struct preflight_run *run = arg;
    char span[SPAN_TEXT_MAX];
    preflight_stop_commands(run);
    preflight_stop_keys(run);
    preflight_stop_notifiers(run);
    preflight_monitor_free(run->monitor);
    run->monitor = NULL;
    for (unsigned row = 0; row < preflight_rows(&run->list); row++) {
        if (!preflight_has(&run->list, row) || !preflight_wanted(run, row))
            continue;
        preflight_note(&run->list, row, false, "it was not over within %s ([Preflight] Timeout=)",
            span_format(run->spec.config->preflight.timeout, span));
        preflight_over(run, row);
    }
}

void preflight_begin_deadlines(struct preflight_run *run)
{
    const struct config_preflight *conf = &run->spec.config->preflight;
    run->impatient = timer_new(run->spec.daemon->loop, on_impatient, run);
    run->overdue = timer_new(run->spec.daemon->loop, on_overdue, run);
    timer_arm(run->impatient, usec_add(run->began, conf->notify_timeout));
    timer_arm(run->overdue, usec_add(run->began, conf->timeout));
}

void preflight_stop_deadlines(struct preflight_run *run)
{
    timer_free(run->impatient);
    timer_free(run->overdue);
}
