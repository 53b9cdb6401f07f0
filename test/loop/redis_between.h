/*
 * Somebody between a client and a real redis-server, who answers some commands himself: what a
 * server says in a state that is hard to bring about, or in none.
 */
#pragma once

#include "redis_rig.h"

#include <stdatomic.h>
#include <strings.h>
#include <sys/mman.h>

enum between_deed {
    BETWEEN_SAY,    /* `answer`, and the command goes no further */
    BETWEEN_LIE,    /* `answer`, but the server does what it is told */
    BETWEEN_CLOSE,  /* the end of the connection */
    BETWEEN_SILENT, /* no answer, nor to what follows on this connection */
    BETWEEN_DELAY,  /* the server's answer, `delay_ms` later */
    BETWEEN_HOLD,   /* the server's answer, after between_let() */
};

struct between_rule {
    char command[32]; /* the first word or two of it; "": there is no rule */
    enum between_deed deed;
    char answer[256];
    unsigned delay_ms;
    int after; /* as many are let through first */
    int times; /* and so many are met; 0: all */
    int first; /* connections are counted from 1: only this and later ones; 0: all */
};

enum { BETWEEN_RULES = 2 };

/* Shared with the processes in between. Change the rules only while nothing is asked. */
struct between_shared {
    struct between_rule rules[BETWEEN_RULES];
    atomic_int seen[BETWEEN_RULES]; /* commands that fit the rule */
    atomic_int met[BETWEEN_RULES];
};

struct between {
    struct between_shared *shared;
    const struct rig_redis *redis;
    char url[112];
    char socket[104];
    int fd;
    int leash[2]; /* one byte for each that is held */
    pid_t pid;
};

static inline void between_write(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            _exit(0);
        bytes += n;
        len -= (size_t)n;
    }
}

static inline int between_connect(const struct between *b)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", b->redis->socket);
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0)
        _exit(0);
    return fd;
}

/* One command to the server, and its whole answer to the client; -1: to nobody. */
static inline void between_pass(int client, int server, const redisReply *command, unsigned delay)
{
    const char **argv = calloc(command->elements, sizeof *argv);
    size_t *len = calloc(command->elements, sizeof *len);
    char *bytes = NULL;
    char buf[16384];
    void *reply = NULL;
    redisReader *reader = redisReaderCreate();
    if (!argv || !len)
        _exit(1);
    for (size_t i = 0; i < command->elements; i++) {
        argv[i] = command->element[i]->str;
        len[i] = command->element[i]->len;
    }
    long long n = redisFormatCommandArgv(&bytes, (int)command->elements, argv, len);
    between_write(server, bytes, (size_t)n);
    free(bytes);
    free(argv);
    free(len);
    if (delay > 0)
        usleep(delay * 1000);
    while (!reply) {
        ssize_t got = recv(server, buf, sizeof buf, 0);
        if (got <= 0)
            _exit(0);
        redisReaderFeed(reader, buf, (size_t)got);
        if (redisReaderGetReply(reader, &reply) != REDIS_OK)
            _exit(1);
        if (client >= 0)
            between_write(client, buf, (size_t)got);
    }
    freeReplyObject(reply);
    redisReaderFree(reader);
}

/* Whether the rule is for this command, and it is its turn. */
static inline bool between_meets(
    struct between_shared *s, int i, const redisReply *command, int number)
{
    char words[64];
    const struct between_rule *rule = &s->rules[i];
    snprintf(words, sizeof words, "%s %s", command->element[0]->str,
        command->elements > 1 ? command->element[1]->str : "");
    if (!rule->command[0] || number < rule->first ||
        strncasecmp(words, rule->command, strlen(rule->command)) != 0)
        return false;
    int seen = atomic_fetch_add(&s->seen[i], 1);
    if (seen < rule->after || (rule->times > 0 && seen >= rule->after + rule->times))
        return false;
    atomic_fetch_add(&s->met[i], 1);
    return true;
}

/* The one that is met; NULL: none. */
static inline const struct between_rule *between_find(
    struct between_shared *s, const redisReply *command, int number)
{
    for (int i = 0; i < BETWEEN_RULES; i++) {
        if (between_meets(s, i, command, number))
            return &s->rules[i];
    }
    return NULL;
}

/* False: nothing is answered from now on. */
static inline bool between_answer(const struct between *b, const struct between_rule *rule,
    int client, int server, const redisReply *command)
{
    char word;
    if (!rule) {
        between_pass(client, server, command, 0);
        return true;
    }
    switch (rule->deed) {
    case BETWEEN_LIE:
        between_pass(-1, server, command, 0);
        between_write(client, rule->answer, strlen(rule->answer));
        break;
    case BETWEEN_SAY:
        between_write(client, rule->answer, strlen(rule->answer));
        break;
    case BETWEEN_DELAY:
        between_pass(client, server, command, rule->delay_ms);
        break;
    case BETWEEN_HOLD:
        if (read(b->leash[0], &word, 1) != 1)
            _exit(1);
        between_pass(client, server, command, 0);
        break;
    case BETWEEN_CLOSE:
        _exit(0);
    case BETWEEN_SILENT:
        return false;
    }
    return true;
}

static inline void between_serve(const struct between *b, int client, int number)
{
    int server = between_connect(b);
    redisReader *reader = redisReaderCreate();
    char buf[16384];
    ssize_t n;
    bool answers = true;
    while ((n = recv(client, buf, sizeof buf, 0)) > 0) {
        void *command = NULL;
        redisReaderFeed(reader, buf, (size_t)n);
        while (redisReaderGetReply(reader, &command) == REDIS_OK && command) {
            answers = answers && between_answer(b, between_find(b->shared, command, number), client,
                                     server, command);
            freeReplyObject(command);
            command = NULL;
        }
    }
}

static inline void between_run(const struct between *b)
{
    signal(SIGCHLD, SIG_IGN);
    for (int number = 1;; number++) {
        int client = accept(b->fd, NULL, NULL);
        if (client < 0)
            _exit(1);
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            between_serve(b, client, number);
            _exit(0);
        }
        close(client);
    }
}

/* `redis` is borrowed, and need not run yet. */
static inline void between_start(struct between *b, const struct rig_redis *redis)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    *b = (struct between){.redis = redis};
    b->shared =
        mmap(NULL, sizeof *b->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(b->shared != MAP_FAILED);
    snprintf(b->socket, sizeof b->socket, "%s-b", redis->socket);
    snprintf(b->url, sizeof b->url, "unix://%s", b->socket);
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", b->socket);
    b->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(b->fd, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(b->fd, 16), 0);
    assert_int_equal(pipe2(b->leash, O_CLOEXEC), 0);
    b->pid = fork();
    assert_true(b->pid >= 0);
    if (b->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        between_run(b);
    }
}

static inline void between_set(struct between *b, int i, struct between_rule rule)
{
    b->shared->rules[i] = rule;
    atomic_store(&b->shared->seen[i], 0);
    atomic_store(&b->shared->met[i], 0);
}

/* From now on, instead of the one before; commands are counted anew. */
static inline void between_rule(struct between *b, struct between_rule rule)
{
    between_set(b, 0, rule);
}

/* Beside it, and later than it. */
static inline void between_rule_too(struct between *b, struct between_rule rule)
{
    between_set(b, 1, rule);
}

static inline int between_met(const struct between *b)
{
    return atomic_load(&b->shared->met[0]);
}

/* One of those that are held goes on. */
static inline void between_let(const struct between *b)
{
    assert_int_equal(write(b->leash[1], "\n", 1), 1);
}

static inline void between_stop(struct between *b)
{
    kill(b->pid, SIGKILL);
    waitpid(b->pid, NULL, 0);
    close(b->leash[0]);
    close(b->leash[1]);
    close(b->fd);
    unlink(b->socket);
    munmap(b->shared, sizeof *b->shared);
}
