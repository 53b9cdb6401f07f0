/* So that no core dump has what curl is done with. */
#include "io/http/http_client_memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void zeroing_free(void *memory)
{
    if (memory)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

static void *zeroing_realloc(void *memory, size_t size)
{
    size_t had = memory ? malloc_usable_size(memory) : 0;
    void *bigger = malloc(size);
    if (bigger && memory) {
        memcpy(bigger, memory, had < size ? had : size);
        zeroing_free(memory);
    }
    return bigger;
}

CURLcode http_client_init_curl(void)
{
    return curl_global_init_mem(
        CURL_GLOBAL_DEFAULT, malloc, zeroing_free, zeroing_realloc, strdup, calloc);
}
