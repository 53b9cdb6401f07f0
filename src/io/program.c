/* Program files. */
#include "io/program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { HEADERS_MAX = 64 };

static bool read_at(int fd, void *out, size_t size, off_t at)
{
    return pread(fd, out, size, at) == (ssize_t)size;
}

/* Who names no loader is loaded by the kernel alone. */
static const char *check_headers(int fd, const ElfW(Ehdr) * elf)
{
    for (unsigned i = 0; i < elf->e_phnum && i < HEADERS_MAX; i++) {
        ElfW(Phdr) header;
        if (!read_at(fd, &header, sizeof header, (off_t)(elf->e_phoff + i * sizeof header)))
            return NULL;
        if (header.p_type == PT_INTERP)
            return NULL;
    }
    return "it is a static program";
}

static const char *check_elf(int fd)
{
    ElfW(Ehdr) elf;
    if (!read_at(fd, &elf, sizeof elf, 0) || memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0)
        return NULL;
    if (elf.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32))
        return "it is a program of another word size";
    return elf.e_phentsize == sizeof(ElfW(Phdr)) ? check_headers(fd, &elf) : NULL;
}

const char *program_resists_preload(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    const char *why = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? check_elf(fd) : NULL;
    if (!why && (st.st_mode & (S_ISUID | S_ISGID)))
        why = "it is setuid or setgid";
    if (!why && fgetxattr(fd, "security.capability", NULL, 0) > 0)
        why = "it has file capabilities";
    close(fd);
    return why;
}

int program_own(char out[PATH_MAX])
{
    /* What the kernel writes behind the name of a file that was replaced. */
    static const char deleted[] = " (deleted)";
    size_t tail = sizeof deleted - 1;
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (n < 0)
        return -errno;
    out[n] = '\0';
    if ((size_t)n > tail && strcmp(out + n - tail, deleted) == 0)
        out[(size_t)n - tail] = '\0';
    return 0;
}
