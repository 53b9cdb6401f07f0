/* What an answer to a notice means. */
#include "core/incidents/delivery_verdict.h"

/* sysexits.h: "temporary failure; user is invited to retry". */
enum { EXIT_TEMPFAIL = 75 };

/*
 * Credentials are read anew for each delivery, so a receiver that refuses ours may take the next
 * ones. Slack's address is its credential: once that is gone it stays gone.
 */
enum delivery_event_type delivery_verdict_http(enum config_notify_type type, int status)
{
    if (status >= 200 && status < 300)
        return DELIVERY_EV_SENT;
    if (status >= 500 || status == 408 || status == 425 || status == 429)
        return DELIVERY_EV_TRANSIENT;
    if (type != CONFIG_NOTIFY_SLACK && (status == 401 || status == 403))
        return DELIVERY_EV_TRANSIENT;
    return DELIVERY_EV_PERMANENT;
}

enum delivery_event_type delivery_verdict_exit(int code)
{
    if (code == 0)
        return DELIVERY_EV_SENT;
    return code == EXIT_TEMPFAIL ? DELIVERY_EV_TRANSIENT : DELIVERY_EV_PERMANENT;
}
