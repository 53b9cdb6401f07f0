/* base/log: the sink, the level, nothing lost on the way. */
#include "base/log.h"

#include "cmocka_all.h"

#include <string.h>

static struct {
    unsigned n;
    enum log_level level;
    char message[64];
    size_t len;
    size_t n_fields;
    void *arg;
} seen;

static void sink(const struct log_record *record, void *arg)
{
    seen.n++;
    seen.level = record->level;
    seen.len = record->message_len;
    seen.n_fields = record->n_fields;
    seen.arg = arg;
    strncpy(seen.message, record->message, sizeof seen.message - 1);
}

static void count(const struct log_record *record, void *arg)
{
    (void)record;
    ++*(unsigned *)arg;
}

static int fresh(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    log_set_sink(sink, &seen);
    log_set_max_level(LOG_LEVEL_INFO);
    return 0;
}

static void records_reach_the_sink(void **state)
{
    (void)state;
    log_printf(LOG_LEVEL_WARNING, "%d workers", 3);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.level, LOG_LEVEL_WARNING);
    assert_string_equal(seen.message, "3 workers");
    assert_int_equal(seen.len, 9);
    assert_int_equal(seen.n_fields, 0);
    assert_ptr_equal(seen.arg, &seen);
    struct log_field field = {.name = "A", .value = "b", .len = 1};
    log_emit(&(struct log_record){
        .level = LOG_LEVEL_ERR, .message = "x", .message_len = 1, .fields = &field, .n_fields = 1});
    assert_int_equal(seen.n_fields, 1);
}

static void what_reaches_the_sink_is_counted(void **state)
{
    (void)state;
    uint64_t own = log_count(LOG_OWN, LOG_LEVEL_WARNING);
    uint64_t forwarded = log_count(LOG_FORWARDED, LOG_LEVEL_DEBUG);
    uint64_t dropped = log_count(LOG_OWN, LOG_LEVEL_DEBUG);
    log_printf(LOG_LEVEL_WARNING, "ours");
    log_printf(LOG_LEVEL_DEBUG, "of no interest");
    log_forward(
        &(struct log_record){.level = LOG_LEVEL_DEBUG, .message = "theirs", .message_len = 6});
    assert_int_equal(log_count(LOG_OWN, LOG_LEVEL_WARNING), own + 1);
    assert_int_equal(log_count(LOG_FORWARDED, LOG_LEVEL_DEBUG), forwarded + 1);
    assert_int_equal(log_count(LOG_OWN, LOG_LEVEL_DEBUG), dropped);
}

static void the_level_decides(void **state)
{
    (void)state;
    log_printf(LOG_LEVEL_DEBUG, "dropped");
    assert_int_equal(seen.n, 0);
    log_printf(LOG_LEVEL_INFO, "kept");
    assert_int_equal(seen.n, 1);
    log_set_max_level(LOG_LEVEL_DEBUG);
    log_printf(LOG_LEVEL_DEBUG, "kept");
    assert_int_equal(seen.n, 2);
    log_set_max_level(LOG_LEVEL_ERR);
    log_printf(LOG_LEVEL_WARNING, "dropped");
    assert_int_equal(seen.n, 2);
}

static void without_a_sink_all_is_dropped(void **state)
{
    (void)state;
    log_set_sink(NULL, NULL);
    log_printf(LOG_LEVEL_ERR, "dropped");
    assert_int_equal(seen.n, 0);
}

static void taps_see_all_and_each_can_go(void **state)
{
    (void)state;
    unsigned n = 0;
    struct log_tap one = {.see = count, .arg = &n};
    struct log_tap two = {.see = count, .arg = &n};
    log_add_tap(&one);
    log_add_tap(&two);
    log_printf(LOG_LEVEL_DEBUG, "dropped by the sink");
    assert_int_equal(n, 2);
    log_remove_tap(&one);
    log_remove_tap(&one);
    log_forward(&(struct log_record){.level = LOG_LEVEL_DEBUG, .message = ""});
    assert_int_equal(n, 3);
    log_remove_tap(&two);
    log_printf(LOG_LEVEL_ERR, "x");
    assert_int_equal(n, 3);
}

static void levels_have_names(void **state)
{
    (void)state;
    assert_string_equal(log_level_name(LOG_LEVEL_ERR), "err");
    assert_string_equal(log_level_name(LOG_LEVEL_WARNING), "warning");
    assert_string_equal(log_level_name(LOG_LEVEL_NOTICE), "notice");
    assert_string_equal(log_level_name(LOG_LEVEL_INFO), "info");
    assert_string_equal(log_level_name(LOG_LEVEL_DEBUG), "debug");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(records_reach_the_sink, fresh),
        cmocka_unit_test_setup(what_reaches_the_sink_is_counted, fresh),
        cmocka_unit_test_setup(the_level_decides, fresh),
        cmocka_unit_test_setup(without_a_sink_all_is_dropped, fresh),
        cmocka_unit_test_setup(taps_see_all_and_each_can_go, fresh),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
