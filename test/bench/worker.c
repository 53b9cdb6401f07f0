/*
 * The worker of the benchmark: writes `PID NANOSECONDS` (CLOCK_MONOTONIC at the begin of main) into
 * the pipe named by BENCH_STARTS, then does nothing for ever.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const char *path = getenv("BENCH_STARTS");
    if (!path) {
        fputs("BENCH_STARTS is not set\n", stderr);
        return 2;
    }
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    char line[64];
    int len = snprintf(line, sizeof line, "%d %lld\n", (int)getpid(),
        (long long)now.tv_sec * 1000000000 + now.tv_nsec);
    /* One write of less than PIPE_BUF bytes: lines of several workers do not mix. */
    if (fd < 0 || write(fd, line, (size_t)len) != len) {
        perror("write start into BENCH_STARTS");
        return 1;
    }
    close(fd);
    for (;;)
        pause();
}
