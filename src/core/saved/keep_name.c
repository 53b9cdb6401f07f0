/* Names of kept descriptors. */
#include "core/saved/keep_name.h"

#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ALPHABET "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

bool keep_name_is_valid(const char *name)
{
    size_t len = strspn(name, ALPHABET);
    return len > 0 && len < KEEP_NAME_MAX && name[len] == '\0';
}

void keep_name_store(const char *name, uint64_t number, char out_stored[KEEP_STORED_MAX])
{
    snprintf(out_stored, KEEP_STORED_MAX, KEEP_PREFIX "%s+%" PRIu64, name, number);
}

bool keep_name_read(const char *stored, char out_name[KEEP_NAME_MAX], uint64_t *out_number)
{
    if (strncmp(stored, KEEP_PREFIX, strlen(KEEP_PREFIX)) != 0)
        return false;
    char name[KEEP_NAME_MAX];
    const char *start = stored + strlen(KEEP_PREFIX);
    size_t len = strcspn(start, "+");
    if (len >= sizeof name || start[len] != '+')
        return false;
    memcpy(name, start, len);
    name[len] = '\0';
    /* As written, so that no two texts mean the same. */
    const char *digits = start + len + 1;
    uint64_t number = 0;
    if (!keep_name_is_valid(name) || *digits == '0' ||
        strspn(digits, "0123456789") != strlen(digits) ||
        num_parse_u64(digits, 1, UINT64_MAX - 1, &number) < 0)
        return false;
    memcpy(out_name, name, len + 1);
    *out_number = number;
    return true;
}
