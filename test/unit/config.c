/* core/config: reading, defaults, writing and the round trip. */
#include "config_text.h"

#define MINIMAL "[Agent]\nExecStart=/bin/agent\n[Health]\nUrl=http://127.0.0.1:3004/health\n"

static void begins_with_every_default(void **state)
{
    (void)state;
    struct config *c = config_must(MINIMAL);
    assert_string_equal(c->agent.name, "elevenlabs-agent");
    assert_int_equal(c->agent.exec_start.n, 1);
    assert_int_equal(c->agent.kill_signal, 15);
    assert_int_equal(c->agent.workers, 1);
    assert_int_equal(c->agent.n_listen, 0);
    assert_int_equal(c->agent.handover, HANDOVER_NONE); /* there is nothing to hand over */
    assert_true(c->agent.timeout_start == 90 * USEC_PER_SEC);
    assert_true(c->agent.timeout_stop == 30 * USEC_PER_SEC);
    assert_true(c->agent.timeout_abort == 10 * USEC_PER_SEC);
    assert_int_equal(c->n_probes, 1);
    assert_string_equal(c->probes[0].name, "health");
    assert_string_equal(c->probes[0].expect_status, "200");
    assert_true(c->probes[0].timeout == 3 * USEC_PER_SEC);
    assert_true(c->prober.interval == 10 * USEC_PER_SEC);
    assert_true(c->prober.start_interval == 250 * USEC_PER_MSEC);
    assert_true(c->prober.fast_interval == USEC_PER_SEC);
    assert_int_equal(c->prober.rise, 2);
    assert_int_equal(c->prober.fall, 3);
    assert_true(c->restart.delay == 500 * USEC_PER_MSEC);
    assert_true(c->restart.multiplier > 1.99 && c->restart.multiplier < 2.01);
    assert_true(c->restart.max_delay == 30 * USEC_PER_SEC);
    assert_int_equal(c->restart.jitter, 10);
    assert_int_equal(c->restart.loop_after, 5);
    assert_true(c->rollout.bake == 5 * USEC_PER_SEC);
    assert_true(c->rollout.keep_warm == 2 * USEC_PER_MIN);
    assert_int_equal(c->rollout.canary, 1);
    assert_int_equal(rollout_surge(&c->rollout, 1), 1);
    assert_int_equal(rollout_surge(&c->rollout, 4), 1);
    assert_int_equal(rollout_surge(&c->rollout, 8), 2);
    assert_false(c->rollout.hold);
    assert_true(c->drain.linger == 2 * USEC_PER_SEC);
    assert_true(c->drain.timeout == 10 * USEC_PER_MIN);
    assert_true(c->drain.count_interval == USEC_PER_SEC);
    assert_true(c->drain.stale_after == c->active_window);
    assert_true(c->active_window == 2 * USEC_PER_MIN);
    assert_null(c->redis.url);
    assert_int_equal(c->n_keyspaces, 2);
    assert_string_equal(c->keyspaces[0].pattern, "elevenlabs:session:*");
    assert_true(c->keyspaces[0].expect_ttl == USEC_PER_HOUR);
    assert_string_equal(c->keyspaces[1].name, "tasks");
    assert_int_equal(c->keyspaces[1].kind, CONFIG_KEYSPACE_TASK);
    assert_false(c->keyspaces[1].report_only);
    assert_int_equal(c->sweep.protect.n, 1);
    assert_int_equal(c->admin.n_listen, 1);
    assert_int_equal(c->admin.listen[0].port, 9464);
    assert_string_equal(c->admin.control_socket, "/run/voxkeeper/control.sock");
    assert_int_equal(c->log_level, LOG_LEVEL_INFO);
    config_free(c);
}

static void who_listens_hands_over(void **state)
{
    (void)state;
    struct config *c = config_must(MINIMAL "[Agent]\nListen=3004\n[Rollout]\nOnFailure=hold\n");
    assert_int_equal(c->agent.handover, HANDOVER_PRELOAD);
    assert_true(c->rollout.hold);
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_with_every_default),
        cmocka_unit_test(who_listens_hands_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
