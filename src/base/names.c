/* Finding a name in a table. */
#include "base/names.h"

#include <errno.h>
#include <string.h>

int names_find(const char *const *first, size_t stride, size_t n, const char *text)
{
    for (size_t i = 0; text && i < n; i++) {
        const char *name = *(const char *const *)((const char *)first + i * stride);
        if (name && strcmp(name, text) == 0)
            return (int)i;
    }
    return -ENOENT;
}
