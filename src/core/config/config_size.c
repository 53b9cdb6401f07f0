/* Sizes as people write them. */
#include "core/config/config_size.h"

#include "base/num.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char units[] = "KMG";

int config_size_parse(const char *text, uint64_t *out_bytes)
{
    char digits[24] = "";
    size_t len = strlen(text);
    unsigned shift = 0;
    uint64_t number = 0;
    const char *unit = len > 0 ? strchr(units, text[len - 1]) : NULL;
    if (unit) {
        shift = 10 * (unsigned)(unit - units + 1);
        len--;
    }
    if (len >= sizeof digits)
        return -EINVAL;
    memcpy(digits, text, len);
    int r = num_parse_u64(digits, 0, UINT64_MAX >> shift, &number);
    if (r == 0)
        *out_bytes = number << shift;
    return r;
}

void config_size_format(uint64_t bytes, struct strbuf *out)
{
    unsigned n = 0;
    while (n < strlen(units) && bytes > 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        n++;
    }
    strbuf_addf(out, "%" PRIu64 "%.*s", bytes, n > 0, n > 0 ? &units[n - 1] : "");
}
