/* Any bytes as the body of a changing request: read, or refused with a reason, and nothing lost. */
#include "fuzz.h"

#include "base/text.h"
#include "daemon/api/api_body.h"
#include "voxkeeper/control.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct api_body body;
    struct err e = {0};
    int r = api_body_read((const char *)data, size, &body, &e);
    check(r == 0 || r == -EINVAL);
    check((r == 0) == (e.msg[0] == '\0'));
    check(r == 0 || text_is_utf8(e.msg, strlen(e.msg)));
    if (r == 0) {
        check(strlen(body.reason) <= VK_REASON_MAX);
        check(text_is_utf8(body.reason, strlen(body.reason)));
        check(!body.sweep.keyspace || strlen(body.sweep.keyspace) <= LIMIT_NAME);
    }
    api_body_fini(&body);
    return 0;
}
