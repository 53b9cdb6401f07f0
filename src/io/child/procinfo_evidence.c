/* Why a process hangs, as far as the kernel tells: for a person who reads the event. */
#include "io/child/procinfo.h"

#include "base/span.h"
#include "base/text.h"
#include "io/child/procinfo_stat.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    THREADS_MAX = 16, /* told one by one; Node has eleven */
    STACK_MAX = 8,    /* frames of each */
    FILE_MAX = 4096,
};

static const char *state_name(char state)
{
    switch (state) {
    case 'R':
        return "running";
    case 'S':
        return "sleeping";
    case 'D':
        return "waiting for the disk or the kernel";
    case 'T':
        return "stopped";
    case 't':
        return "traced";
    case 'Z':
        return "ended, not reaped";
    case 'I':
        return "idle";
    default:
        return "unknown";
    }
}

/* "" when it cannot be read: most of these files belong to root. */
static void read_text(const char *directory, const char *name, char text[FILE_MAX])
{
    char path[96];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    text[0] = '\0';
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read(fd, text, FILE_MAX - 1);
    text[n > 0 ? n : 0] = '\0';
    close(fd);
}

/* `[<0>] ep_poll+0x3a8/0x3f0` is told as `ep_poll`. */
static void add_stack(struct strbuf *out, char *text)
{
    char *rest = NULL;
    unsigned n = 0;
    for (char *line = strtok_r(text, "\n", &rest); line && n < STACK_MAX;
         line = strtok_r(NULL, "\n", &rest)) {
        char *name = strchr(line, ' ');
        if (!name)
            continue;
        name++;
        strbuf_adds(out, n++ == 0 ? ", stack " : " < ");
        text_escape(out, name, strcspn(name, "+"), 64);
    }
}

static void add_thread(struct strbuf *out, const char *directory)
{
    char path[96];
    char text[FILE_MAX];
    struct proc_stat stat;
    snprintf(path, sizeof path, "%s/stat", directory);
    if (proc_stat_read(path, &stat) < 0)
        return; /* it has just ended */
    strbuf_addf(out, "thread %d ", stat.pid);
    text_escape(out, stat.name, strlen(stat.name), sizeof stat.name);
    strbuf_addf(out, ": %s", state_name(stat.state));
    read_text(directory, "wchan", text);
    if (text[0] != '\0' && strcmp(text, "0") != 0) {
        strbuf_adds(out, " in ");
        text_escape(out, text, strlen(text), 64);
    }
    read_text(directory, "syscall", text);
    if (text[0] >= '0' && text[0] <= '9')
        strbuf_addf(out, ", system call %.*s", (int)strspn(text, "0123456789"), text);
    read_text(directory, "stack", text);
    add_stack(out, text);
    strbuf_addc(out, '\n');
}

static void add_threads(pid_t pid, struct strbuf *out)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *d = opendir(path);
    if (!d)
        return;
    unsigned n = 0;
    for (struct dirent *de = readdir(d); de; de = readdir(d)) {
        if (de->d_name[0] == '.' || n++ >= THREADS_MAX)
            continue;
        char directory[sizeof path + sizeof de->d_name];
        snprintf(directory, sizeof directory, "%s/%.20s", path, de->d_name);
        add_thread(out, directory);
    }
    closedir(d);
    if (n > THREADS_MAX)
        strbuf_addf(out, "and %u more threads\n", n - THREADS_MAX);
}

void procinfo_evidence(pid_t pid, struct strbuf *out)
{
    char path[64];
    struct proc_stat stat;
    struct procinfo info = {0};
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (proc_stat_read(path, &stat) < 0 || procinfo_read(pid, &info) < 0) {
        strbuf_addf(out, "process %d: gone, or not ours to look at\n", pid);
        return;
    }
    strbuf_addf(out, "process %d ", pid);
    text_escape(out, stat.name, strlen(stat.name), sizeof stat.name);
    strbuf_addf(out, ": %s, CPU %.2f s, resident %.1f MiB, %u threads, %u open descriptors\n",
        state_name(stat.state), (double)info.cpu_usec / (double)USEC_PER_SEC,
        (double)info.resident_bytes / (1024.0 * 1024.0), info.threads, info.descriptors);
    add_threads(pid, out);
}
