/* sd_notify datagrams to the service manager. */
#include "io/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

/* A status is one line: what follows a line feed would be read as an assignment of its own. */
#define ONE_LINE(text) (int)strcspn(text, "\n"), text

/* Results are ignored throughout: without a service manager, or when it does not listen, there is
 * nobody to tell and nothing to do differently. */

void notify_ready(const char *status)
{
    (void)sd_notifyf(0, "READY=1\nSTATUS=%.*s", ONE_LINE(status));
}

void notify_status(const char *status)
{
    (void)sd_notifyf(0, "STATUS=%.*s", ONE_LINE(status));
}

void notify_reloading(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    usec_t now = (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / 1000;
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now);
}

void notify_stopping(const char *status)
{
    (void)sd_notifyf(0, "STOPPING=1\nSTATUS=%.*s", ONE_LINE(status));
}

void notify_extend_timeout(usec_t by)
{
    (void)sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRIu64, by);
}

void notify_errno(int errno_value, const char *status)
{
    (void)sd_notifyf(0, "ERRNO=%d\nSTATUS=%.*s", errno_value, ONE_LINE(status));
}

void notify_watchdog(void)
{
    (void)sd_notify(0, "WATCHDOG=1");
}

usec_t notify_watchdog_interval(void)
{
    uint64_t usec = 0;
    return sd_watchdog_enabled(0, &usec) > 0 ? usec / 2 : USEC_INFINITY;
}

bool notify_owns_variable(const char *assignment)
{
    static const char *const ours[] = {
        "CREDENTIALS_DIRECTORY=",
        "FDSTORE=",
        "INVOCATION_ID=",
        "JOURNAL_STREAM=",
        "LISTEN_FDNAMES=",
        "LISTEN_FDS=",
        "LISTEN_PID=",
        "MAINPID=",
        "NOTIFY_SOCKET=",
        "WATCHDOG_PID=",
        "WATCHDOG_USEC=",
    };
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (strncmp(assignment, ours[i], strlen(ours[i])) == 0)
            return true;
    }
    return false;
}
