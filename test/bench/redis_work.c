/*
 * What test/bench/sweep sets beside voxkeeperd's sweep: the floor, and what operators do today.
 *
 *   redis_work SOCKET fill FOREIGN SESSIONS TASKS STALE   the data
 *   redis_work SOCKET stale TASKS STALE                   the stale ones again
 *   redis_work SOCKET scan COUNT                          a bare SCAN
 *   redis_work SOCKET examine COUNT                       what a dry run asks, and nothing more
 *   redis_work SOCKET unlink TASKS STALE                     pipelined UNLINK of keys one knows
 *   redis_work SOCKET sync COUNT KEYS                     SCAN, TTL, GET, DEL one by one; KEYS of
 * each kind redis_work SOCKET naive COUNT                         SCAN of each kind, TTL and GET
 * pipelined redis_work SOCKET probe                               PING at 1 kHz until SIGTERM
 *   redis_work SOCKET load USEC                           keeps Redis busy half of the time
 *
 * Each prints its figures as `name value`, one a line.
 */
#include <hiredis/hiredis.h>

#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PIPELINE = 500, SAMPLES_MAX = 10000000, WINDOW = 128, WAITING_MAX = 4096 };

static const char *const PATTERNS[] = {"elevenlabs:session:*", "cursor_task:*"};

static redisContext *redis;
static volatile sig_atomic_t ended;

static void on_end(int signum)
{
    (void)signum;
    ended = 1;
}

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void sleep_until(double at)
{
    struct timespec ts = {.tv_sec = (time_t)at, .tv_nsec = (long)((at - floor(at)) * 1e9)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static redisReply *take(void)
{
    void *reply = NULL;
    if (redisGetReply(redis, &reply) != REDIS_OK || !reply) {
        fprintf(stderr, "read from Redis: %s\n", redis->errstr);
        exit(1);
    }
    return reply;
}

static void drop(size_t n)
{
    for (size_t i = 0; i < n; i++)
        freeReplyObject(take());
}

/* ---- the data ---- */

/* About 400 bytes, as the agent writes them; `at` is ISO 8601. */
static void add_session(unsigned long i, const char *at, unsigned ttl)
{
    redisAppendCommand(redis,
        "SETEX elevenlabs:session:%016lx %u {\"sessionId\":\"%016lx\",\"agentId\":\"agent-1\","
        "\"conversationId\":\"conv-%lu\",\"createdAt\":\"%s\",\"lastAccessedAt\":\"%s\","
        "\"metadata\":{\"wsUrl\":\"wss://voice.example/agents/%lu\",\"sessionUrl\":"
        "\"https://voice.example/sessions/%lu\",\"sessionPayload\":\"%0120lu\"}}",
        i * 2654435761UL, ttl, i * 2654435761UL, i, at, at, i, i, i);
}

static void add_task(unsigned long i, const char *at, bool stale)
{
    const char *value =
        "{\"taskId\":\"%016lx\",\"conversationId\":\"conv-%lu\",\"sessionPayload\":\"%0160lu\","
        "\"wsUrl\":\"wss://voice.example/agents/%lu\",\"pending\":%s,\"createdAt\":\"%s\","
        "\"toolName\":\"lookup\",\"requestId\":\"req-%lu\"}";
    char text[1024];
    snprintf(text, sizeof text, value, i, i, i, i, stale ? "true" : "false", at, i);
    if (stale)
        redisAppendCommand(redis, "SET cursor_task:%016lx %s", i, text);
    else
        redisAppendCommand(redis, "SETEX cursor_task:%016lx 80000 %s", i, text);
}

static void iso(time_t at, char out[32])
{
    struct tm tm;
    strftime(out, 32, "%Y-%m-%dT%H:%M:%S.000Z", gmtime_r(&at, &tm));
}

/* The last STALE of the tasks. */
static void fill_stale(unsigned long tasks, unsigned long stale)
{
    char at[32];
    iso(time(NULL) - 3 * 86400, at);
    for (unsigned long i = 0; i < stale; i++) {
        add_task(tasks - stale + i, at, true);
        if (i % PIPELINE == PIPELINE - 1 || i == stale - 1)
            drop(i % PIPELINE + 1);
    }
}

static void fill(char **argv)
{
    unsigned long foreign = strtoul(argv[0], NULL, 10);
    unsigned long sessions = strtoul(argv[1], NULL, 10);
    unsigned long tasks = strtoul(argv[2], NULL, 10);
    unsigned long stale = strtoul(argv[3], NULL, 10);
    char at[32];
    iso(time(NULL) - 600, at);
    for (unsigned long i = 0; i < foreign + sessions + tasks - stale; i++) {
        if (i < foreign)
            redisAppendCommand(redis, "SET %s%lu %0300lu",
                i % 20 ? "cache:item:" : "elevenlabs:conversation:", i, i);
        else if (i < foreign + sessions)
            add_session(i, at, 3000);
        else
            add_task(i - foreign - sessions, at, false);
        if (i % PIPELINE == PIPELINE - 1)
            drop(PIPELINE);
    }
    drop((foreign + sessions + tasks - stale) % PIPELINE);
    fill_stale(tasks, stale);
}

/* ---- the floor and the others ---- */

static void delete_stale(unsigned long tasks, unsigned long stale)
{
    double began = now();
    for (unsigned long i = 0; i < stale; i++) {
        redisAppendCommand(redis, "UNLINK cursor_task:%016lx", tasks - stale + i);
        if (i % PIPELINE == PIPELINE - 1 || i == stale - 1)
            drop(i % PIPELINE + 1);
    }
    printf("wall %.6f\n", now() - began);
}

/* One SCAN step; returns the reply, and copies the cursor. */
static redisReply *scan_step(char cursor[32], const char *pattern, const char *count)
{
    redisReply *r = pattern
                        ? redisCommand(redis, "SCAN %s MATCH %s COUNT %s", cursor, pattern, count)
                        : redisCommand(redis, "SCAN %s COUNT %s", cursor, count);
    if (!r || r->type != REDIS_REPLY_ARRAY) {
        fprintf(stderr, "scan: %s\n", r ? r->str : redis->errstr);
        exit(1);
    }
    snprintf(cursor, 32, "%s", r->element[0]->str);
    return r;
}

static void scan(const char *count)
{
    char cursor[32] = "0";
    double began = now();
    unsigned long seen = 0;
    do {
        redisReply *r = scan_step(cursor, NULL, count);
        seen += r->element[1]->elements;
        freeReplyObject(r);
    } while (strcmp(cursor, "0") != 0);
    printf("wall %.6f\nkeys %lu\n", now() - began, seen);
}

/* What is needed to judge keys without a TTL. */
static void ask_values(char (*names)[64], size_t n)
{
    static const char *const first[] = {"MEMORY USAGE %s", "OBJECT IDLETIME %s"};
    static const char *const then[] = {"PEXPIRETIME %s", "DUMP %s"};
    for (size_t i = 0; i < 2 * n; i++)
        redisAppendCommand(redis, first[i % 2], names[i / 2]);
    drop(2 * n);
    for (size_t i = 0; i < 2 * n; i++)
        redisAppendCommand(redis, then[i % 2], names[i / 2]);
    drop(2 * n);
}

/* TTLs of what the SCAN before has returned, and the next SCAN; returns its reply, or NULL. */
static redisReply *examine_step(
    redisReply *names, char cursor[32], const char *count, char (*waiting)[64], size_t *n)
{
    static const char superset[] = "[ec][lu][er][vs][eo][nr]*";
    bool more = !names || strcmp(cursor, "0") != 0;
    size_t keys = names ? names->element[1]->elements : 0;
    for (size_t k = 0; k < keys; k++)
        redisAppendCommand(redis, "PTTL %s", names->element[1]->element[k]->str);
    if (more)
        redisAppendCommand(redis, "SCAN %s MATCH %s COUNT %s", cursor, superset, count);
    for (size_t k = 0; k < keys; k++) {
        redisReply *ttl = take();
        if (ttl->integer == -1 && *n < WAITING_MAX)
            snprintf(waiting[(*n)++], 64, "%.63s", names->element[1]->element[k]->str);
        freeReplyObject(ttl);
    }
    redisReply *next = more ? take() : NULL;
    if (next)
        snprintf(cursor, 32, "%s", next->element[0]->str);
    freeReplyObject(names);
    return next;
}

/* The commands of a dry run, by a client that waits for each round trip and judges nothing. */
static void examine(const char *count)
{
    static char waiting[WAITING_MAX][64];
    size_t n = 0;
    char cursor[32] = "0";
    double began = now();
    redisReply *names = NULL;
    do {
        names = examine_step(names, cursor, count, waiting, &n);
        if (n < WINDOW && names)
            continue;
        ask_values(waiting, n);
        n = 0;
    } while (names);
    printf("wall %.6f\n", now() - began);
}

static bool is_stale(const redisReply *ttl, const redisReply *value)
{
    return ttl->integer == -1 && value->type == REDIS_REPLY_STRING &&
           strstr(value->str, "\"pending\":true");
}

static bool look_at(const redisReply *key)
{
    redisReply *ttl = redisCommand(redis, "TTL %b", key->str, key->len);
    redisReply *value = redisCommand(redis, "GET %b", key->str, key->len);
    bool stale = is_stale(ttl, value);
    if (stale)
        freeReplyObject(redisCommand(redis, "DEL %b", key->str, key->len));
    freeReplyObject(ttl);
    freeReplyObject(value);
    return stale;
}

/* The time for `max` keys of each kind, and for the walk that finds all of them. */
static void one_by_one(const char *count, unsigned long max)
{
    unsigned long looked = 0;
    unsigned long matched = 0;
    double walk = 0;
    double look = 0;
    for (size_t i = 0; i < sizeof PATTERNS / sizeof *PATTERNS; i++) {
        char cursor[32] = "0";
        unsigned long of_this = 0;
        do {
            double began = now();
            redisReply *r = scan_step(cursor, PATTERNS[i], count);
            walk += now() - began;
            began = now();
            for (size_t k = 0; k < r->element[1]->elements; k++, matched++) {
                if (of_this++ >= max)
                    continue;
                look_at(r->element[1]->element[k]);
                looked++;
            }
            look += now() - began;
            freeReplyObject(r);
        } while (strcmp(cursor, "0") != 0);
    }
    printf("wall %.6f\nlooked %lu\nmatched %lu\n",
        walk + (looked ? look * (double)matched / (double)looked : 0), looked, matched);
}

static void look_at_all(const redisReply *keys)
{
    for (size_t k = 0; k < keys->elements; k++) {
        redisAppendCommand(redis, "TTL %b", keys->element[k]->str, keys->element[k]->len);
        redisAppendCommand(redis, "GET %b", keys->element[k]->str, keys->element[k]->len);
    }
    size_t deleted = 0;
    for (size_t k = 0; k < keys->elements; k++) {
        redisReply *ttl = take();
        redisReply *value = take();
        if (is_stale(ttl, value)) {
            redisAppendCommand(redis, "DEL %b", keys->element[k]->str, keys->element[k]->len);
            deleted++;
        }
        freeReplyObject(ttl);
        freeReplyObject(value);
    }
    drop(deleted);
}

static void naive(const char *count)
{
    double began = now();
    for (size_t i = 0; i < sizeof PATTERNS / sizeof *PATTERNS; i++) {
        char cursor[32] = "0";
        do {
            redisReply *r = scan_step(cursor, PATTERNS[i], count);
            look_at_all(r->element[1]);
            freeReplyObject(r);
        } while (strcmp(cursor, "0") != 0);
    }
    printf("wall %.6f\n", now() - began);
}

/* ---- others' requests ---- */

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Open loop: a PING that comes late because the one before was slow counts from when it was due. */
static void probe(void)
{
    float *samples = malloc(SAMPLES_MAX * sizeof *samples);
    size_t n = 0;
    if (!samples)
        exit(1);
    for (double due = now() + 0.001; !ended && n < SAMPLES_MAX; due += 0.001) {
        sleep_until(due);
        freeReplyObject(redisCommand(redis, "PING"));
        samples[n++] = (float)(now() - due);
    }
    qsort(samples, n, sizeof *samples, by_size);
    if (n > 0)
        printf("p50 %.1f\np99 %.1f\nmax %.1f\n", (double)samples[n / 2] * 1e6,
            (double)samples[n * 99 / 100] * 1e6, (double)samples[n - 1] * 1e6);
    printf("samples %zu\n", n);
    free(samples);
}

/* Seconds of its main thread. */
static double cpu_of_redis(void)
{
    double sum = 0;
    redisReply *r = redisCommand(redis, "INFO cpu");
    for (const char *at = r->str; (at = strstr(at, "_main_thread:")); at++)
        sum += strtod(strchr(at, ':') + 1, NULL);
    freeReplyObject(r);
    return sum;
}

/* One burn; the next one is due after twice `usec`, more or less. */
static double burn(double due, double usec, int rounds)
{
    static const char script[] = "local x = 0 for i = 1, ARGV[1] do x = x + i end return 1";
    freeReplyObject(redisCommand(redis, "EVAL %s 0 %d", script, rounds));
    due += -log(((double)rand() + 1) / ((double)RAND_MAX + 2)) * 2 * usec / 1e6;
    sleep_until(due);
    return due;
}

/* Burns of `usec` of Redis' time, as often as makes one half of it, at random moments. What one
 * costs is found out as they come: a single long one is quicker than many with sleep in between. */
static void load(double usec)
{
    enum { BURNS = 300, TRIES = 3 };
    double rounds = 10000;
    double due;
    srand(1);
    for (int i = 0; i < TRIES; i++) {
        double before = cpu_of_redis();
        due = now();
        for (int k = 0; k < BURNS; k++)
            due = burn(due, usec, (int)rounds);
        rounds *= usec / 1e6 * BURNS / (cpu_of_redis() - before);
    }
    for (due = now(); !ended;)
        due = burn(due, usec, (int)rounds);
}

static bool is(const char *what, const char *name, int argc, int needed)
{
    return strcmp(what, name) == 0 && argc == needed;
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[2] : "";
    redis = argc > 2 ? redisConnectUnix(argv[1]) : NULL;
    if (!redis || redis->err) {
        fprintf(stderr, "connect to Redis: %s\n", redis ? redis->errstr : "no socket given");
        return 1;
    }
    signal(SIGTERM, on_end);
    argc -= 3;
    argv += 3;
    if (is(what, "fill", argc, 4))
        fill(argv);
    else if (is(what, "stale", argc, 2))
        fill_stale(strtoul(argv[0], NULL, 10), strtoul(argv[1], NULL, 10));
    else if (is(what, "scan", argc, 1))
        scan(argv[0]);
    else if (is(what, "examine", argc, 1))
        examine(argv[0]);
    else if (is(what, "unlink", argc, 2))
        delete_stale(strtoul(argv[0], NULL, 10), strtoul(argv[1], NULL, 10));
    else if (is(what, "sync", argc, 2))
        one_by_one(argv[0], strtoul(argv[1], NULL, 10));
    else if (is(what, "naive", argc, 1))
        naive(argv[0]);
    else if (is(what, "probe", argc, 0))
        probe();
    else if (is(what, "load", argc, 1))
        load(strtod(argv[0], NULL));
    else
        return 2;
    redisFree(redis);
    return 0;
}
