/* core/logs/log_format: records as journald and as people's tools read them. */
#include "core/logs/log_format.h"

#include "base/strbuf.h"
#include "cmocka_all.h"

#include <string.h>

#define FIELD(n, v)                                                                                \
    {                                                                                              \
        .name = (n), .value = (v), .len = sizeof(v) - 1                                            \
    }

static void writes_the_native_protocol(void **state)
{
    (void)state;
    const struct log_field fields[] = {
        FIELD("VOXKEEPER_WORKER", "1"),
        FIELD("AGENT_TEXT", "two\nlines"),
        FIELD("AGENT_NUL", "a\0b"),
        FIELD("AGENT_EMPTY", ""),
    };
    const struct log_record record = {.level = LOG_LEVEL_WARNING,
        .message = "hello",
        .message_len = 5,
        .fields = fields,
        .n_fields = 4};
    struct strbuf out = STRBUF_INIT;
    log_format_native(&out, &record, "voxkeeper");
    static const char expected[] = "MESSAGE=hello\nPRIORITY=4\nVOXKEEPER_WORKER=1\n"
                                   "AGENT_TEXT\n\x09\0\0\0\0\0\0\0two\nlines\nAGENT_NUL=a\0b\n"
                                   "AGENT_EMPTY=\nSYSLOG_IDENTIFIER=voxkeeper\n";
    assert_int_equal(out.len, sizeof expected - 1);
    assert_memory_equal(out.data, expected, out.len);
    strbuf_fini(&out);
}

static void leaves_a_record_its_own_identifier(void **state)
{
    (void)state;
    const struct log_field field = FIELD("SYSLOG_IDENTIFIER", "agent");
    struct strbuf out = STRBUF_INIT;
    log_format_native(&out,
        &(struct log_record){.level = LOG_LEVEL_INFO,
            .message = "",
            .message_len = 0,
            .fields = &field,
            .n_fields = 1},
        "voxkeeper");
    assert_string_equal(out.data, "MESSAGE=\nPRIORITY=6\nSYSLOG_IDENTIFIER=agent\n");
    strbuf_fini(&out);
}

static void writes_one_json_object_a_line(void **state)
{
    (void)state;
    const struct log_field fields[] = {
        FIELD("VOXKEEPER_EVENT", "worker-crashed"),
        FIELD("WORKER_PID", "7"),
        FIELD("EVENT", "spoof"),
        FIELD("VOXKEEPER_TS", "spoof"),
        FIELD("LEVEL", "spoof"),
        FIELD("AGENT_RAW", "\xff\n\""),
    };
    const struct log_record record = {.level = LOG_LEVEL_ERR,
        .message = "a\nb\0",
        .message_len = 4,
        .fields = fields,
        .n_fields = 6};
    struct strbuf out = STRBUF_INIT;
    log_format_json(&out, &record, UINT64_C(1767323045678901));
    assert_string_equal(out.data,
        "{\"ts\": \"2026-01-02T03:04:05.678901Z\", \"level\": \"err\", \"message\": "
        "\"a\\u000ab\\u0000\", \"event\": \"worker-crashed\", \"worker_pid\": \"7\", "
        "\"agent_raw\": \"\\ufffd\\u000a\\\"\"}\n");
    strbuf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_native_protocol),
        cmocka_unit_test(leaves_a_record_its_own_identifier),
        cmocka_unit_test(writes_one_json_object_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
