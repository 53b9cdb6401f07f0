/* Any bytes as a worker's sd_notify datagram. What is understood is within its limits. */
#include "fuzz.h"

#include "core/fleet/notify_message.h"
#include "core/limits.h"

#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct notify_message m;
    memset(&m, 0x5a, sizeof m);
    const struct notify_message untouched = m;
    /* Without a byte behind it, so that a read beyond is seen. */
    char *copy = malloc(size ? size : 1);
    check(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    if (!notify_message_parse(copy, size, &m)) {
        check(memcmp(&m, &untouched, sizeof m) == 0);
        free(copy);
        return 0;
    }
    const struct notify_wish *w = &m.wish;
    check(w->extend <= USEC_PER_DAY && w->interval <= USEC_PER_DAY);
    check(w->interval == 0 || w->interval >= LIMIT_WATCHDOG_MIN_USEC);
    check(w->sets_interval || w->interval == 0);
    check(m.error >= 0 && (m.has_error || m.error == 0));
    if (m.status) {
        check(m.status >= copy && m.status + m.status_len <= copy + size);
        check(!memchr(m.status, '\n', m.status_len));
    }
    free(copy);
    return 0;
}
