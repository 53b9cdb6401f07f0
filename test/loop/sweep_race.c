/*
 * Clients that refresh stale keys as fast as they can while sweeps run: none of what they wrote may
 * be lost. A naive sweep in the same world loses some, or the test would prove nothing.
 */
#include "sweep_rig.h"

#include <sys/mman.h>

enum {
    KEYS = 2000,
    CLIENTS = 3,
    BATCH = 16,
    REFRESHES = 200000, /* for each way of removing */
    REFRESHES_WATCH = 50000,
};

static const char stale_value[] = "{\"pending\":true,\"createdAt\":\"2024-01-01T00:00:00.000Z\"}";

/* How a client makes a stale key live. */
enum refresh { WITH_TTL, WITHOUT_TTL, EXPIRE_ONLY, RECREATE, REFRESH_KINDS };

struct shared {
    volatile bool stop;
    volatile uint64_t refreshes[CLIENTS];
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
    switch (kind) {
    case WITH_TTL:
        redisAppendCommand(cl->c, "SETEX cursor_task:%d 86400 %s", k, cl->value);
        return 1;
    case WITHOUT_TTL:
        redisAppendCommand(cl->c, "SET cursor_task:%d %s", k, cl->value);
        return 1;
    case EXPIRE_ONLY:
        redisAppendCommand(cl->c, "EXPIRE cursor_task:%d 86400", k);
        return 1;
    case RECREATE:
        redisAppendCommand(cl->c, "DEL cursor_task:%d", k);
        redisAppendCommand(cl->c, "SET new:%d %s", k, cl->value);
        redisAppendCommand(cl->c, "RENAME new:%d cursor_task:%d", k, k);
        return 3;
    case REFRESH_KINDS:
        break;
    }
    return 0;
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
            replies[i] = send_refresh(cl, k, (enum refresh)next_random(cl, REFRESH_KINDS));
        }
    }
    for (int i = 0; i < BATCH; i++) {
        long long answer = take_reply(cl);
        for (int more = 1; more < replies[i]; more++)
            take_reply(cl);
        if (was_fresh[i] && answer == 0)
            cl->shared->lost[cl->number]++;
        /* EXPIRE of a key that was swept before: nothing was refreshed. */
        bool refreshed = !was_fresh[i] && (replies[i] == 3 || answer == 1);
        cl->fresh[keys[i]] = refreshed;
        cl->shared->refreshes[cl->number] += refreshed;
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

/* Sweeps until `refreshes` were made; prints and checks what came of it. */
static void sweep_beside_clients(struct sweep_rig *rig, uint64_t refreshes)
{
    struct race race = race_begin(rig);
    usec_t until = loop_now() + 100 * USEC_PER_SEC;
    uint64_t removed = 0;
    uint64_t survived = 0;
    while (sum(race.shared->refreshes) < refreshes && loop_now() < until) {
        sweep_rig_run(rig, (struct sweep_request){0});
        sweep_rig_went_well(rig);
        removed += rig->summary.removed;
        survived += rig->summary.survived;
    }
    uint64_t made = sum(race.shared->refreshes);
    uint64_t lost = race_end(&race);
    printf("          %llu refreshes, %llu removed, %llu survived, %llu lost\n",
        (unsigned long long)made, (unsigned long long)removed, (unsigned long long)survived,
        (unsigned long long)lost);
    assert_true(made >= refreshes);
    assert_int_equal(lost, 0);
    /* Or they never met. */
    assert_true(removed > 0);
    assert_true(survived > 0);
}

static void no_refreshed_key_is_lost_by_script(void **state)
{
    struct sweep_rig *rig = sweep_rig_up(NULL);
    *state = rig;
    sweep_beside_clients(rig, REFRESHES);
}

static void no_refreshed_key_is_lost_by_watch(void **state)
{
    struct sweep_rig *rig = sweep_rig_new();
    char path[160];
    *state = rig;
    rig_redis_start(&rig->redis, NULL);
    rig->c = rig_redis_connect(&rig->redis);
    rig_redis_run(rig->c, "ACL SETUSER keeper on >secret +@all -evalsha ~*");
    snprintf(path, sizeof path, "%s/password", rig->redis.dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("secret", f);
    fclose(f);
    sweep_rig_connect(rig, rig->redis.url, "keeper", path);
    sweep_beside_clients(rig, REFRESHES_WATCH);
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
        cmocka_unit_test_teardown(a_naive_sweep_loses_some, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
