/*
 * Preloaded into voxkeeperd and into Redis by test/bench/sweep: how long one turn of the loop
 * takes, from what epoll_wait() returned until it is called again, by the clock and of the
 * processor. The difference is others' work on the machine. Kept in the file that BENCH_TURNS
 * names, of all processes together; turns.py reads it.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { STEP = 10, STEPS = 2048 };

struct turns {
    uint64_t n;
    uint64_t longest_cpu, longest_wall; /* microseconds */
    uint64_t by_cpu[STEPS];             /* how many took STEP microseconds, twice STEP, ... */
};

static struct turns *turns;

static uint64_t now(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("BENCH_TURNS");
    int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0 || ftruncate(fd, sizeof *turns) < 0)
        return;
    void *memory = mmap(NULL, sizeof *turns, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    turns = memory == MAP_FAILED ? NULL : memory;
    close(fd);
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
    static int (*real)(int, struct epoll_event *, int, int);
    static uint64_t cpu, wall; /* the turn under way began */
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "epoll_wait");
    if (!turns || gettid() != getpid())
        return real(fd, events, max, timeout);
    if (wall > 0) {
        uint64_t took_cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;
        uint64_t took_wall = now(CLOCK_MONOTONIC) - wall;
        turns->n++;
        turns->by_cpu[took_cpu / STEP < STEPS ? took_cpu / STEP : STEPS - 1]++;
        if (took_cpu > turns->longest_cpu)
            turns->longest_cpu = took_cpu;
        if (took_wall > turns->longest_wall)
            turns->longest_wall = took_wall;
    }
    int n = real(fd, events, max, timeout);
    cpu = now(CLOCK_THREAD_CPUTIME_ID);
    wall = now(CLOCK_MONOTONIC);
    return n;
}
