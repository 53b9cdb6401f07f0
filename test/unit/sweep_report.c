/* daemon/sweep/sweep_report: a sweep in words, in JSON and as an event. */
#include "daemon/sweep/sweep_report.h"

#include "cmocka_all.h"
#include "core/config/config.h"
#include "core/sweep/sweep_policy.h"
#include "lib/witness.h"

#include <cjson/cJSON.h>

static struct sweep_summary summary;

static int set_up(void **state)
{
    (void)state;
    summary = (struct sweep_summary){
        .complete = true,
        .took = 12 * USEC_PER_MSEC,
        .keys = 12,
        .removed = 2,
        .survived = 1,
        .not_tried = 3,
        .n_keyspaces = 2,
        .keyspaces = {{.name = "sessions",
                          .keys = 7,
                          .found = {[SWEEP_FINE] = 5, [SWEEP_STALE] = 2},
                          .removed = 2,
                          .live = 3,
                          .ages = {[SWEEP_AGE_15MIN] = 3, [SWEEP_AGE_WEEK] = 2},
                          .oldest = 99},
            {.name = "tasks",
                .keys = 5,
                .found = {[SWEEP_STALE] = 1, [SWEEP_STUCK_TASK] = 1, [SWEEP_GONE] = 3},
                .survived = 1,
                .not_tried = 3,
                .unread = 4}},
    };
    witness_begin();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    witness_end();
    return 0;
}

static void prints(struct cJSON *o, const char *expected)
{
    char *text = cJSON_PrintUnformatted(o);
    assert_string_equal(text, expected);
    cJSON_free(text);
    cJSON_Delete(o);
}

static void the_sentence(void **state)
{
    (void)state;
    assert_string_equal(sweep_report_sentence(&summary).text,
        "sweep: looked at 12 keys in 12ms, removed 2, repaired 0, 1 changed meanwhile and stay "
        "(3 stale, 1 stuck-task)");
    strcpy(summary.backup, "b.backup");
    assert_non_null(
        strstr(sweep_report_sentence(&summary).text, "(3 stale, 1 stuck-task); saved in b.backup"));
    summary.backup[0] = '\0';
    summary.dry_run = true;
    summary.n_keyspaces = 0;
    assert_string_equal(sweep_report_sentence(&summary).text,
        "dry run: looked at 12 keys in 12ms, would remove 0 (nothing found)");
    summary.n_keyspaces = 2;
    summary.keyspaces[0].removable = 1;
    summary.keyspaces[1].removable = 2;
    assert_string_equal(sweep_report_sentence(&summary).text,
        "dry run: looked at 12 keys in 12ms, would remove 3 (3 stale, 1 stuck-task)");
}

/* Its last words are there: nothing before them was cut off. */
static void the_most_there_is_to_say_fits(void **state)
{
    (void)state;
    summary = (struct sweep_summary){.took = USEC_INFINITY - 1,
        .keys = UINT64_MAX,
        .removed = UINT64_MAX,
        .repaired = UINT64_MAX,
        .survived = UINT64_MAX,
        .n_keyspaces = 1,
        .error = REDIS_E_NOPERM};
    for (unsigned f = 0; f < SWEEP_FINDING_COUNT; f++)
        summary.keyspaces[0].found[f] = UINT64_MAX;
    memset(summary.backup, 'b', sizeof summary.backup - 2);
    strcpy(summary.backup + sizeof summary.backup - 2, "~");
    memset(summary.error_text, 'e', sizeof summary.error_text - 1);
    struct sweep_sentence s = sweep_report_sentence(&summary);
    assert_string_equal(s.text + strlen(s.text) - 3, "bb~");
    for (unsigned e = REDIS_E_OTHER; e <= REDIS_E_PROTOCOL; e++) {
        summary.error = (enum redis_error)e;
        const char *advice = sweep_policy_advice(summary.error);
        struct sweep_sentence trouble = sweep_report_trouble(&summary);
        assert_string_equal(trouble.text + strlen(trouble.text) - strlen(advice), advice);
    }
}

#define SPENT                                                                                      \
    "\"spent\":{\"commands\":0,\"bytes_sent\":0,\"bytes_received\":0,\"worked_usec\":0,"           \
    "\"rested_usec\":0,\"count\":0,\"pings\":0,\"ping_floor_usec\":0,\"ping_p50_usec\":0,"         \
    "\"ping_p99_usec\":0,\"ping_max_usec\":0,\"strained\":false,\"reconnects\":0},"
#define MUCH_SPENT                                                                                 \
    "\"spent\":{\"commands\":4,\"bytes_sent\":5,\"bytes_received\":6,\"worked_usec\":7,"           \
    "\"rested_usec\":8,\"count\":15,\"pings\":9,\"ping_floor_usec\":10,\"ping_p50_usec\":11,"      \
    "\"ping_p99_usec\":12,\"ping_max_usec\":13,\"strained\":true,\"reconnects\":14},"

static void the_summary_as_json(void **state)
{
    (void)state;
    prints(sweep_report_summary(&summary),
        "{\"dry_run\":false,\"complete\":true,\"limited\":false,\"keys_seen\":12,\"removed\":2,"
        "\"repaired\":0,"
        "\"survived\":1,"
        "\"not_tried\":3,\"took_usec\":12000,\"found\":{\"fine\":5,\"stale\":3,\"stuck-task\":1,"
        "\"gone\":3},\"keyspaces\":["
        "{\"found\":{\"fine\":5,\"stale\":2},\"name\":\"sessions\",\"keys\":7,\"removed\":2,"
        "\"repaired\":0,"
        "\"survived\":0,\"not_tried\":0,\"removable\":0,\"census\":{\"live\":3,\"unread\":0,"
        "\"oldest_usec\":99,"
        "\"ages\":{\"15min\":3,\"1h\":0,\"24h\":0,\"7d\":2,\"older\":0}}},"
        "{\"found\":{\"stale\":1,\"stuck-task\":1,\"gone\":3},\"name\":\"tasks\",\"keys\":5,"
        "\"removed\":0,\"repaired\":0,\"survived\":1,\"not_tried\":3,\"removable\":0,\"census\":{"
        "\"live\":0,"
        "\"unread\":4,"
        "\"oldest_usec\":0,\"ages\":{\"15min\":0,\"1h\":0,\"24h\":0,\"7d\":0,\"older\":0}}}],"
        "\"backup\":null,\"backed_up\":0," SPENT "\"held\":null,\"error\":null}");
    summary = (struct sweep_summary){.dry_run = true,
        .held = true,
        .held_why = "too many",
        .spent = {.commands = 4,
            .count = 15,
            .bytes_sent = 5,
            .bytes_received = 6,
            .worked = 7,
            .rested = 8,
            .pings = 9,
            .ping_floor = 10,
            .ping_p50 = 11,
            .ping_p99 = 12,
            .ping_max = 13,
            .strained = true},
        .reconnects = 14,
        .error_text = "broken",
        .backup = "b.backup",
        .backed_up = 2};
    prints(sweep_report_summary(&summary),
        "{\"dry_run\":true,\"complete\":false,\"limited\":false,\"keys_seen\":0,\"removed\":0,"
        "\"repaired\":0,"
        "\"survived\":0,\"not_tried\":0,\"took_usec\":0,\"found\":{},\"keyspaces\":[],"
        "\"backup\":\"b.backup\",\"backed_up\":2," MUCH_SPENT
        "\"held\":\"too many\",\"error\":\"broken\"}");
}

static void a_finding_as_json(void **state)
{
    (void)state;
    const struct config_keyspace keyspace = {.name = (char[]){"sessions"}};
    struct sweep_judgement j = {
        .finding = SWEEP_STALE, .removable = true, .age_known = true, .age = 5, .reason = "no TTL"};
    struct sweep_key key = {.name = "a\x1b\0\"",
        .name_len = 4,
        .keyspace = &keyspace,
        .judgement = &j,
        .outcome = SWEEP_OUTCOME_REMOVED};
    prints(sweep_report_finding(&key),
        "{\"keyspace\":\"sessions\",\"key\":\"a\\\\x1b\\\\x00\\\"\",\"finding\":\"stale\","
        "\"reason\":\"no "
        "TTL\",\"age_usec\":5,\"removable\":true,\"removed\":true,\"repaired\":false,"
        "\"survived\":false}");
    j = (struct sweep_judgement){.finding = SWEEP_WRONG_TYPE};
    key.outcome = SWEEP_OUTCOME_SURVIVED;
    key.name_len = 1;
    prints(sweep_report_finding(&key),
        "{\"keyspace\":\"sessions\",\"key\":\"a\",\"finding\":\"wrong-type\",\"reason\":\"\","
        "\"age_usec\":null,\"removable\":false,\"removed\":false,\"repaired\":false,\"survived\":"
        "true}");
}

static void a_sweep_is_an_event(void **state)
{
    (void)state;
    sweep_report_event(&summary, &(struct sweep_asker){"alice", "tidying up", 7});
    assert_true(sweep_report_went_well(&summary));
    witness_must("sweep-done|sweep: looked at 12 keys");
    witness_must(
        "|VOXKEEPER_KEYS=12|VOXKEEPER_REMOVED=2|VOXKEEPER_REPAIRED=0|VOXKEEPER_SURVIVED=1"
        "|VOXKEEPER_FINDINGS=3 stale, 1 stuck-task|VOXKEEPER_AUTHOR=alice|VOXKEEPER_OPERATION=7"
        "|VOXKEEPER_REASON=tidying up|VOXKEEPER_DURATION_USEC=12000\n");
    assert_int_equal(witness_count("\n"), 1);
}

static void one_that_ends_at_its_limit_is_done(void **state)
{
    (void)state;
    summary.complete = false;
    summary.limited = true;
    strcpy(summary.error_text, "ended at the limit that was asked for");
    sweep_report_event(&summary, &(struct sweep_asker){"timer", "", 0});
    assert_int_equal(strncmp(strbuf_text(&witness_text), "sweep-done|", 11), 0);
}

static void how_far_it_is(void **state)
{
    (void)state;
    struct sweep_progress p = {.fraction = 0.25,
        .total_known = true,
        .total = 1000000,
        .keys = 900,
        .findings = 5,
        .removed = 4,
        .took = 2 * USEC_PER_SEC,
        .latency = 210};
    assert_string_equal(sweep_report_progress_sentence(&p).text,
        "25%: 900 keys seen, 5 findings, 125000 keys/s, 6s left, Redis answers in 210us");
    prints(sweep_report_progress(&p),
        "{\"fraction\":0.25,\"total_keys\":1000000,\"keys_seen\":900,\"findings\":5,"
        "\"removed\":4,\"took_usec\":2000000,\"keys_per_second\":125000,\"left_usec\":6000000,"
        "\"latency_usec\":210}");
    /* Nobody may count Redis' keys for us: ours alone, then. */
    p.total_known = false;
    assert_string_equal(sweep_report_progress_sentence(&p).text,
        "25%: 900 keys seen, 5 findings, 450 keys/s, 6s left, Redis answers in 210us");
    p = (struct sweep_progress){0};
    assert_string_equal(sweep_report_progress_sentence(&p).text, "0%: 0 keys seen, 0 findings");
    prints(sweep_report_progress(&p),
        "{\"fraction\":0,\"total_keys\":null,\"keys_seen\":0,\"findings\":0,\"removed\":0,"
        "\"took_usec\":0,\"keys_per_second\":null,\"left_usec\":null,\"latency_usec\":0}");
}

static void what_went_wrong_is_another(void **state)
{
    (void)state;
    static const struct {
        bool complete;
        enum redis_error error;
        const char *event;
        const char *reason;
    } rows[] = {
        {false, REDIS_E_NONE, "sweep-aborted|", "the reason|"}, /* cancelled */
        {false, REDIS_E_READONLY, "sweep-failed|", "the reason; what to do: point "},
        {true, REDIS_E_NOPERM, "sweep-failed|",
            "the reason; what to do: grant "}, /* looked at all, but not allowed all */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        strbuf_reset(&witness_text);
        summary.complete = rows[i].complete;
        summary.error = rows[i].error;
        strcpy(summary.error_text, "the reason");
        sweep_report_event(&summary, &(struct sweep_asker){"timer", "", 0});
        assert_int_equal(
            strncmp(strbuf_text(&witness_text), rows[i].event, strlen(rows[i].event)), 0);
        char part[128];
        snprintf(part, sizeof part, "(3 stale, 1 stuck-task); %s", rows[i].reason);
        witness_must(part);
        snprintf(part, sizeof part, "|VOXKEEPER_REASON=%s", rows[i].reason);
        witness_must(part);
    }
}

static void a_backup_that_fails_is_a_failure(void **state)
{
    (void)state;
    summary.backup_failed = true;
    strcpy(summary.backup, "sweep-1.backup");
    strcpy(summary.error_text, "writing: No space left on device");
    assert_false(sweep_report_went_well(&summary));
    sweep_report_event(&summary, &(struct sweep_asker){"timer", "", 0});
    witness_must("sweep-failed|sweep: looked at 12 keys");
    witness_must("|VOXKEEPER_BACKUP=sweep-1.backup|");
    witness_must("|VOXKEEPER_REASON=writing: No space left on device|");
}

static void a_look_is_no_event(void **state)
{
    (void)state;
    summary.dry_run = true;
    sweep_report_event(&summary, &(struct sweep_asker){"timer", "", 0});
    summary.dry_run = false;
    summary.census_only = true;
    sweep_report_event(&summary, &(struct sweep_asker){"timer", "", 0});
    assert_string_equal(strbuf_text(&witness_text), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(the_sentence),
        T(the_most_there_is_to_say_fits),
        T(the_summary_as_json),
        T(a_finding_as_json),
        T(a_sweep_is_an_event),
        T(one_that_ends_at_its_limit_is_done),
        T(how_far_it_is),
        T(what_went_wrong_is_another),
        T(a_backup_that_fails_is_a_failure),
        T(a_look_is_no_event),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
