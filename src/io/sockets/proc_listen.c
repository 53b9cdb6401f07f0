/* Where a process listens: its sockets among those of /proc/PID/net/tcp in state LISTEN. */
#include "io/sockets/proc_listen.h"

#include "io/child/procinfo.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TCP_STATE_LISTEN = 0x0a, FAMILY_MAX = 64 };

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

struct ports {
    uint16_t *items;
    unsigned max, n;
};

static void add(struct ports *p, uint16_t port)
{
    unsigned at = 0;
    while (at < p->n && p->items[at] < port)
        at++;
    if ((at < p->n && p->items[at] == port) || p->n == p->max)
        return;
    memmove(p->items + at + 1, p->items + at, (p->n - at) * sizeof *p->items);
    p->items[at] = port;
    p->n++;
}

/* "  0: 00000000:0BBC 00000000:0000 0A .. inode ..": of both families. */
static int read_table(
    pid_t pid, const char *name, const uint64_t *sockets, size_t n_sockets, struct ports *out)
{
    char path[64];
    char line[512];
    snprintf(path, sizeof path, "/proc/%d/net/%s", pid, name);
    FILE *f = fopen(path, "re");
    if (!f)
        return errno == ENOENT && strcmp(name, "tcp6") == 0 ? 0 : -errno;
    while (fgets(line, sizeof line, f)) {
        unsigned port = 0;
        unsigned state = 0;
        uint64_t inode = 0;
        if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*d %*d %" SCNu64,
                &port, &state, &inode) != 3 ||
            state != TCP_STATE_LISTEN)
            continue;
        if (bsearch(&inode, sockets, n_sockets, sizeof *sockets, by_number))
            add(out, (uint16_t)port);
    }
    fclose(f);
    return 0;
}

static int add_process(pid_t pid, struct ports *out)
{
    size_t n = 0;
    uint64_t *sockets = procinfo_sockets(pid, &n);
    int r = 0;
    if (n > 0) {
        r = read_table(pid, "tcp", sockets, n, out);
        if (r == 0)
            r = read_table(pid, "tcp6", sockets, n, out);
    }
    free(sockets);
    return r;
}

/* A shell or a wrapper may stand before what listens. */
static void add_children(pid_t pid, struct ports *out)
{
    char path[64];
    int child = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    FILE *f = fopen(path, "re");
    for (unsigned i = 0; f && i < FAMILY_MAX && fscanf(f, "%d", &child) == 1; i++)
        (void)add_process(child, out);
    if (f)
        fclose(f);
}

int proc_listen_ports(pid_t pid, uint16_t *out, unsigned max, unsigned *out_n)
{
    char path[64];
    struct ports ports = {.items = out, .max = max};
    *out_n = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *stat = fopen(path, "re");
    if (!stat)
        return -ESRCH;
    fclose(stat);
    int r = add_process(pid, &ports);
    if (r == 0)
        add_children(pid, &ports);
    *out_n = ports.n;
    return r;
}

uint64_t proc_listen_max_files(pid_t pid)
{
    static const char name[] = "Max open files";
    char path[64];
    char line[256];
    uint64_t limit = 0;
    snprintf(path, sizeof path, "/proc/%d/limits", pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, name, sizeof name - 1) == 0)
            limit = strtoull(line + sizeof name - 1, NULL, 10);
    }
    if (f)
        fclose(f);
    return limit;
}
