/* A server that answers by a script, in a process of its own: what no real Redis would say. */
#pragma once

#include "redis_rig.h"

#include <poll.h>

/* In place of an answer: */
#define FAKE_SILENCE ((const char *)1) /* none, and none to what follows */
#define FAKE_CLOSE ((const char *)2)   /* the end of the connection */

enum { FAKE_ANSWERS_MAX = 16, FAKE_CONNECTIONS_MAX = 4 };

/* What one connection gets; the last entry of a list goes on. */
struct fake_script {
    const char *greeting; /* sent before anything was asked */
    bool obeys;           /* gives the last answer once for each time that fake_let() says */
    const char *answers[FAKE_ANSWERS_MAX];
};

struct fake {
    struct fake_script scripts[FAKE_CONNECTIONS_MAX]; /* one per connection, the last goes on */
    int n_scripts;
    int leash[2]; /* one byte for an answer */
    int fd;
    char url[64];
    pid_t pid;
};

static inline void fake_say(int fd, const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        text += n;
        len -= (size_t)n;
    }
}

/* Commands are RESP arrays: each begins with a line that starts with `*`. */
static inline void fake_serve(const struct fake *f, int fd, const struct fake_script *script)
{
    char buf[4096];
    char word;
    int answer = 0;
    bool at_line = true;
    ssize_t n;
    if (script->greeting)
        fake_say(fd, script->greeting);
    while ((n = recv(fd, buf, sizeof buf, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            bool command = at_line && buf[i] == '*';
            at_line = buf[i] == '\n';
            if (!command)
                continue;
            const char *text = script->answers[answer];
            if (text == FAKE_CLOSE)
                return;
            bool last = answer + 1 == FAKE_ANSWERS_MAX || !script->answers[answer + 1];
            if (last && script->obeys && read(f->leash[0], &word, 1) != 1)
                return;
            if (text && text != FAKE_SILENCE)
                fake_say(fd, text);
            if (!last)
                answer++;
        }
    }
}

static inline void fake_run(const struct fake *f)
{
    for (int i = 0;; i++) {
        int fd = accept(f->fd, NULL, NULL);
        if (fd < 0)
            _exit(1);
        fake_serve(f, fd, &f->scripts[i < f->n_scripts ? i : f->n_scripts - 1]);
        close(fd);
    }
}

/* Fills in the script first: `scripts` and `n_scripts`. */
static inline void fake_start(struct fake *f)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof addr;
    f->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(f->fd >= 0);
    assert_int_equal(bind(f->fd, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(listen(f->fd, 16), 0);
    assert_int_equal(getsockname(f->fd, (struct sockaddr *)&addr, &len), 0);
    snprintf(f->url, sizeof f->url, "redis://127.0.0.1:%d", ntohs(addr.sin_port));
    assert_int_equal(pipe2(f->leash, O_CLOEXEC), 0);
    f->pid = fork();
    assert_true(f->pid >= 0);
    if (f->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        fake_run(f);
    }
}

static inline void fake_stop(struct fake *f)
{
    kill(f->pid, SIGKILL);
    waitpid(f->pid, NULL, 0);
    close(f->leash[0]);
    close(f->leash[1]);
    close(f->fd);
}

/* One more of the answers for which it waits. */
static inline void fake_let(const struct fake *f)
{
    assert_int_equal(write(f->leash[1], "\n", 1), 1);
}
