/* Pages that the kernel leaves out of core dumps. */
#include "io/secret_memory.h"

#include <string.h>
#include <sys/mman.h>

void *secret_memory_new(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    if (madvise(memory, size, MADV_DONTDUMP) < 0) {
        munmap(memory, size);
        return NULL;
    }
    (void)mlock(memory, size);
    return memory;
}

void secret_memory_free(void *memory, size_t size)
{
    if (!memory)
        return;
    explicit_bzero(memory, size);
    munmap(memory, size);
}
