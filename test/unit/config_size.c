/* core/config/config_size: sizes as people write them. */
#include "core/config/config_size.h"

#include "cmocka_all.h"

#include <errno.h>

static void reads_what_it_writes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
        const char *written;
    } rows[] = {
        {"0", 0, "0"},
        {"1", 1, "1"},
        {"1000", 1000, "1000"},
        {"1024", 1024, "1K"},
        {"1536K", 1536 * 1024, "1536K"},
        {"2048K", 2 * 1024 * 1024, "2M"},
        {"3G", UINT64_C(3) << 30, "3G"},
        {"2048G", UINT64_C(2048) << 30, "2048G"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = STRBUF_INIT;
        uint64_t bytes = 7;
        assert_int_equal(config_size_parse(rows[i].text, &bytes), 0);
        assert_true(bytes == rows[i].bytes);
        config_size_format(bytes, &out);
        assert_string_equal(strbuf_text(&out), rows[i].written);
        strbuf_fini(&out);
    }
}

static void refuses_the_rest(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "K", "1k", "1KB", "1 K", "-1", "+1", "1.5M", "0x10",
        "1T", "KK", "17179869184G", "18446744073709551616", "100000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t bytes = 7;
        if (config_size_parse(rows[i], &bytes) >= 0)
            fail_msg("\"%s\" was read", rows[i]);
        assert_true(bytes == 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(refuses_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
