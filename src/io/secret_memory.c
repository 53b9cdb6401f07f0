/* Pages that the kernel leaves out of core dumps. */
#include "io/secret_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/*
 * With a limit of 0 a program behind a pipe is called all the same, and journals the environment. 1
 * is what the kernel takes for "none at all" (fs/coredump.c, "RLIMIT_CORE set to 1"); a file would
 * have to be larger as well.
 */
enum { NO_DUMP = 1 };

int secret_memory_forbid_dumps(struct err *e)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) < 0)
        return err_sys(e, -errno, "reading the limit of core dumps");
    limit.rlim_cur = limit.rlim_max < NO_DUMP ? limit.rlim_max : NO_DUMP;
    if (setrlimit(RLIMIT_CORE, &limit) < 0)
        return err_sys(e, -errno, "forbidding core dumps");
    return 0;
}

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
