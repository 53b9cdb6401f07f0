/* core/config_workers: how many workers a configuration bears besides those that it asks for. */
#include "core/config/config_workers.h"

#include "config_text.h"

#include <errno.h>

#define AGENT "[Agent]\nExecStart=/bin/agent\n"
#define HEALTH "[Health]\nUrl=http://127.0.0.1:3004/health\n"

/* `refusal` NULL: it does bear them. */
static void bears(const char *text, unsigned n, const char *refusal)
{
    struct config *c = config_must(text);
    struct err e = {0};
    assert_int_equal(config_check_workers(c, n, &e), refusal ? -EINVAL : 0);
    if (refusal)
        assert_string_equal(e.msg, refusal);
    config_free(c);
}

static void there_is_room_for_a_replacement(void **state)
{
    (void)state;
    bears(AGENT "Listen=3004\n" HEALTH, 51, NULL);
    bears(AGENT "Listen=3004\n" HEALTH, 52,
        "refuse 52 workers: with Standby=0 and MaxSurge=25% there is room for 51, since 64 "
        "processes are the most");
    bears(AGENT "Listen=3004\nStandby=2\n[Rollout]\nMaxSurge=1\n" HEALTH, 61, NULL);
    bears(AGENT "Listen=3004\nStandby=2\n[Rollout]\nMaxSurge=1\n" HEALTH, 62,
        "refuse 62 workers: with Standby=2 and MaxSurge=1 there is room for 61, since 64 "
        "processes are the most");
    bears(AGENT HEALTH, 64, NULL); /* in place: nobody beside them */
    bears(AGENT HEALTH, UINT32_MAX,
        "refuse 4294967295 workers: with Standby=0 and MaxSurge=25% there is room for 64, since 64 "
        "processes are the most");
}

static void what_workers_cannot_share(void **state)
{
    (void)state;
    bears(AGENT HEALTH, 0, "refuse 0 workers: nobody would answer; see: voxkeeper drain");
    bears(AGENT "Listen=3004\nHandover=none\n" HEALTH, 1, NULL);
    bears(AGENT "Listen=3004\nHandover=none\n" HEALTH, 2,
        "refuse 2 workers: with Handover=none every worker binds Listen= itself, and only one can");
    bears(AGENT "Listen=3004\nHandover=listen-fds\n" HEALTH, 2,
        "refuse 2 workers: with Handover=listen-fds a probe of Listen= does not tell one worker "
        "from another, want ListenPrivate=yes");
    bears(AGENT "Listen=3004\nHandover=listen-fds\nListenPrivate=yes\n" HEALTH, 2, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_room_for_a_replacement),
        cmocka_unit_test(what_workers_cannot_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
