/* Which mappings hold nothing but the bytes of a file, and letting go of them. */
#include "io/child/startup_pages.h"

#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Such an object has relocated code: its pages are no longer the file's. */
static bool has_text_relocations(const struct dl_phdr_info *object)
{
    for (unsigned i = 0; i < object->dlpi_phnum; i++) {
        if (object->dlpi_phdr[i].p_type != PT_DYNAMIC)
            continue;
        const ElfW(Dyn) *d = (const void *)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
        for (; d->d_tag != DT_NULL; d++) {
            if (d->d_tag == DT_TEXTREL || (d->d_tag == DT_FLAGS && d->d_un.d_val & DF_TEXTREL))
                return true;
        }
    }
    return false;
}

static int release_object(struct dl_phdr_info *object, size_t size, void *arg)
{
    (void)size;
    const uintptr_t page = *(const uintptr_t *)arg;
    if (has_text_relocations(object))
        return 0;
    for (unsigned i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W)
            continue;
        uintptr_t from = object->dlpi_addr + segment->p_vaddr;
        uintptr_t until = from + segment->p_memsz;
        from -= from % page;
        /* Refused for the kernel's own vdso, which costs nothing. */
        (void)madvise((void *)from, until - from, MADV_DONTNEED);
    }
    return 0;
}

void startup_pages_release(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    dl_iterate_phdr(release_object, &page);
}
