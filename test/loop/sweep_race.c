/*
 * Clients that refresh stale keys as fast as they can while sweeps run: none of what they wrote may
 * be lost. A naive sweep in the same world loses some, or the test would prove nothing.
 */
#include "sweep_rig.h"

#include <sys/mman.h>

enum {
    KEYS = 2000,
    CLIENTS = 3,
    BATCH = 32,
    REFRESHES = 1000000, /* by the way of removing that is usual */
    REFRESHES_WATCH = 100000,
    REFRESHES_REPAIR = 200000,
};

static const char stale_value[] = "{\"pending\":true,\"createdAt\":\"2024-01-01T00:00:00.000Z\"}";

/* How a client makes a stale key live, and with how many commands. */
#define REFRESH_KINDS(X)                                                                           \
    X(WITH_TTL, 1)                                                                                 \
    X(WITHOUT_TTL, 1)                                                                              \
    X(EXPIRE_ONLY, 1)                                                                              \
    X(RECREATE, 2)                                                                                 \
    X(RECREATE_WITH_TTL, 2)                                                                        \
    X(RENAME, 2)                                                                                   \
    X(RENAME_WITH_TTL, 2)                                                                          \
    X(RENAME_AWAY_AND_BACK, 3)

#define X(symbol, commands) symbol,
enum refresh { REFRESH_KINDS(X) REFRESH_KIND_COUNT };
#undef X

struct shared {
    volatile bool stop;
    volatile uint64_t refreshes[CLIENTS];
    volatile uint64_t by_kind[CLIENTS][REFRESH_KIND_COUNT];
    volatile uint64_t lost[CLIENTS];
};

struct client {
    struct shared *shared;
    int number;
    redisContext *c;
    bool fresh[KEYS];
    char value[128];
    unsigned seed;
};

static unsigned next_random(struct client *cl, unsigned n)
{
    cl->seed = cl->seed * 1103515245u + 12345u;
    return (cl->seed >> 16) % n;
}

/* Sends what makes key `k` fresh; returns how many replies it gives. */
static int send_refresh(struct client *cl, int k, enum refresh kind)
{
#define X(symbol, commands) commands,
    static const int commands[] = {REFRESH_KINDS(X)};
#undef X
    switch (kind) {
    case WITH_TTL:
        redisAppendCommand(cl->c, "SETEX cursor_task:%d 86400 %s", k, cl->value);
        break;
    case WITHOUT_TTL:
        redisAppendCommand(cl->c, "SET cursor_task:%d %s", k, cl->value);
        break;
    case EXPIRE_ONLY:
        redisAppendCommand(cl->c, "EXPIRE cursor_task:%d 86400", k);
        break;
    case RECREATE:
        redisAppendCommand(cl->c, "DEL cursor_task:%d", k);
        redisAppendCommand(cl->c, "SET cursor_task:%d %s", k, cl->value);
        break;
    case RECREATE_WITH_TTL:
        redisAppendCommand(cl->c, "UNLINK cursor_task:%d", k);
        redisAppendCommand(cl->c, "SETEX cursor_task:%d 86400 %s", k, cl->value);
        break;
    case RENAME:
        redisAppendCommand(cl->c, "SET new:%d %s", k, cl->value);
        redisAppendCommand(cl->c, "RENAME new:%d cursor_task:%d", k, k);
        break;
    case RENAME_WITH_TTL:
        redisAppendCommand(cl->c, "SETEX new:%d 86400 %s", k, cl->value);
        redisAppendCommand(cl->c, "RENAME new:%d cursor_task:%d", k, k);
        break;
    case RENAME_AWAY_AND_BACK:
        redisAppendCommand(cl->c, "SET cursor_task:%d %s", k, cl->value);
        redisAppendCommand(cl->c, "RENAME cursor_task:%d new:%d", k, k);
        redisAppendCommand(cl->c, "RENAME new:%d cursor_task:%d", k, k);
        break;
    case REFRESH_KIND_COUNT:
        break;
    }
    return commands[kind];
}

static long long take_reply(struct client *cl)
{
    redisReply *reply = NULL;
    if (redisGetReply(cl->c, (void **)&reply) != REDIS_OK)
        _exit(1);
    long long value = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 1;
    freeReplyObject(reply);
    return value;
}

/* Every client has keys of its own: `k % CLIENTS` tells whose. */
static void client_round(struct client *cl)
{
    int keys[BATCH];
    int replies[BATCH];
    bool was_fresh[BATCH];
    enum refresh kinds[BATCH];
    char when[TIMESTAMP_TEXT_MAX];
    int first = (int)next_random(cl, KEYS / CLIENTS - BATCH);
    snprintf(cl->value, sizeof cl->value, "{\"pending\":true,\"createdAt\":\"%s\"}",
        sweep_rig_ago(0, when));
    for (int i = 0; i < BATCH; i++) {
        int k = keys[i] = (first + i) * CLIENTS + cl->number;
        was_fresh[i] = cl->fresh[k];
        if (was_fresh[i]) {
            redisAppendCommand(cl->c, "EXISTS cursor_task:%d", k);
            redisAppendCommand(cl->c, "SET cursor_task:%d %s", k, stale_value);
            replies[i] = 2;
        } else {
            kinds[i] = (enum refresh)next_random(cl, REFRESH_KIND_COUNT);
            replies[i] = send_refresh(cl, k, kinds[i]);
        }
    }
    for (int i = 0; i < BATCH; i++) {
        long long answer = take_reply(cl);
        for (int more = 1; more < replies[i]; more++)
            take_reply(cl);
        if (was_fresh[i] && answer == 0)
            cl->shared->lost[cl->number]++;
        /* EXPIRE of a key that was swept before: nothing was refreshed. */
        bool refreshed = !was_fresh[i] && (kinds[i] != EXPIRE_ONLY || answer == 1);
        cl->fresh[keys[i]] = refreshed;
        cl->shared->refreshes[cl->number] += refreshed;
        if (refreshed)
            cl->shared->by_kind[cl->number][kinds[i]]++;
    }
}

static pid_t client_start(const struct rig_redis *redis, struct shared *shared, int number)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct client *cl = calloc(1, sizeof *cl);
    *cl = (struct client){.shared = shared, .number = number, .seed = (unsigned)number + 1};
    cl->c = redisConnectUnix(redis->socket);
    if (!cl->c || cl->c->err)
        _exit(1);
    while (!shared->stop)
        client_round(cl);
    _exit(0);
}

struct race {
    struct sweep_rig *rig;
    struct shared *shared;
    pid_t pids[CLIENTS];
};

static uint64_t sum(const volatile uint64_t *numbers)
{
    uint64_t total = 0;
    for (int i = 0; i < CLIENTS; i++)
        total += numbers[i];
    return total;
}

static struct race race_begin(struct sweep_rig *rig)
{
    struct race race = {.rig = rig};
    race.shared =
        mmap(NULL, sizeof *race.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(race.shared != MAP_FAILED);
    for (int k = 0; k < KEYS; k++)
        rig_redis_run(rig->c, "SET cursor_task:%d %s", k, stale_value);
    for (int i = 0; i < CLIENTS; i++)
        race.pids[i] = client_start(&rig->redis, race.shared, i);
    return race;
}

/* Every kind took part, each in its share; all but EXPIRE of what is gone are refreshes. */
static void check_kinds(const struct shared *shared, uint64_t refreshes)
{
    for (int kind = 0; kind < REFRESH_KIND_COUNT; kind++) {
        uint64_t n = 0;
        for (int i = 0; i < CLIENTS; i++)
            n += shared->by_kind[i][kind];
        assert_true(n > refreshes / REFRESH_KIND_COUNT / 2);
    }
}

/* Returns how many refreshed keys were lost. */
static uint64_t race_end(struct race *race)
{
    race->shared->stop = true;
    for (int i = 0; i < CLIENTS; i++) {
        int status = 0;
        waitpid(race->pids[i], &status, 0);
        assert_int_equal(status, 0);
    }
    uint64_t lost = sum(race->shared->lost);
    munmap(race->shared, sizeof *race->shared);
    return lost;
}

/*
 * Sweeps until `refreshes` were made, and sweep and clients met: both were faster at some key,
 * however long a busy machine takes for it. Prints and checks what came of it.
 */
static void sweep_beside_clients(struct sweep_rig *rig, uint64_t refreshes, bool repairs)
{
    struct race race = race_begin(rig);
    uint64_t removed = 0;
    uint64_t survived = 0;
    uint64_t repaired = 0;
    bool met = false;
    while (!met || sum(race.shared->refreshes) < refreshes) {
        sweep_rig_run(rig, (struct sweep_request){0});
        sweep_rig_went_well(rig);
        removed += rig->summary.removed;
        survived += rig->summary.survived;
        repaired += rig->summary.repaired;
        met = removed > 0 && survived > 0 && (repaired > 0) == repairs;
    }
    uint64_t made = sum(race.shared->refreshes);
    check_kinds(race.shared, made);
    uint64_t lost = race_end(&race);
    printf("          %llu refreshes, %llu removed, %llu repaired, %llu survived, %llu lost\n",
        (unsigned long long)made, (unsigned long long)removed, (unsigned long long)repaired,
        (unsigned long long)survived, (unsigned long long)lost);
    assert_int_equal(lost, 0);
}

static void no_refreshed_key_is_lost_by_script(void **state)
{
    struct sweep_rig *rig = sweep_rig_up(NULL);
    *state = rig;
    sweep_beside_clients(rig, REFRESHES, false);
}

static void no_refreshed_key_is_lost_by_watch(void **state)
{
    struct sweep_rig *rig = sweep_rig_new();
    *state = rig;
    sweep_rig_as_keeper(rig, "ACL SETUSER keeper on >secret +@all -evalsha ~*");
    sweep_beside_clients(rig, REFRESHES_WATCH, false);
}

/* What is fresh and has no TTL gets one, while clients write it anew. */
static void no_refreshed_key_is_lost_by_repairing(void **state)
{
    struct sweep_rig *rig = sweep_rig_up(NULL);
    struct config_keyspace tasks = sweep_rig_keyspaces[1];
    struct err e;
    *state = rig;
    tasks.repair = true;
    assert_int_equal(
        sweeper_configure(rig->sweeper, &tasks, 1, &(struct strlist){0}, USEC_PER_MIN, &e), 0);
    sweep_beside_clients(rig, REFRESHES_REPAIR, true);
}

/* ---- what everybody's script does ---- */

static void naive_sweep(redisContext *c)
{
    char cursor[32] = "0";
    do {
        redisReply *scan = rig_redis_do(c, "SCAN %s MATCH cursor_task:* COUNT 1000", cursor);
        const redisReply *names = scan->element[1];
        snprintf(cursor, sizeof cursor, "%s", scan->element[0]->str);
        bool *stale = calloc(names->elements + 1, sizeof *stale);
        for (size_t i = 0; i < names->elements; i++)
            redisAppendCommand(c, "GET %s", names->element[i]->str);
        for (size_t i = 0; i < names->elements; i++) {
            redisReply *value = NULL;
            redisGetReply(c, (void **)&value);
            stale[i] = value->str && strcmp(value->str, stale_value) == 0;
            freeReplyObject(value);
        }
        for (size_t i = 0; i < names->elements; i++) {
            if (stale[i])
                rig_redis_run(c, "UNLINK %s", names->element[i]->str);
        }
        free(stale);
        freeReplyObject(scan);
    } while (strcmp(cursor, "0") != 0);
}

static void a_naive_sweep_loses_some(void **state)
{
    struct sweep_rig *rig = sweep_rig_new();
    *state = rig;
    rig_redis_start(&rig->redis, NULL);
    rig->c = rig_redis_connect(&rig->redis);
    struct race race = race_begin(rig);
    usec_t until = loop_now() + 60 * USEC_PER_SEC;
    while (sum(race.shared->lost) == 0 && loop_now() < until)
        naive_sweep(rig->c);
    uint64_t made = sum(race.shared->refreshes);
    uint64_t lost = race_end(&race);
    printf("          %llu refreshes, %llu lost\n", (unsigned long long)made,
        (unsigned long long)lost);
    assert_true(lost > 0);
}

static int teardown(void **state)
{
    sweep_rig_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(no_refreshed_key_is_lost_by_script, teardown),
        cmocka_unit_test_teardown(no_refreshed_key_is_lost_by_watch, teardown),
        cmocka_unit_test_teardown(no_refreshed_key_is_lost_by_repairing, teardown),
        cmocka_unit_test_teardown(a_naive_sweep_loses_some, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
