/* What is remembered of credentials: ages over boots and jumping clocks, and broken documents. */
#include "core/credentials/credential_record.h"

#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DAY USEC_PER_DAY
#define IN_2026 (UINT64_C(1767225600) * USEC_PER_SEC)

static void a_clock_that_jumps_ages_nobody(void **state)
{
    (void)state;
    static const struct {
        struct credential_clock then, now;
        usec_t between;
    } rows[] = {
        /* The same boot: whatever the wall clock says. */
        {{"x", DAY, IN_2026}, {"x", 3 * DAY, IN_2026 + 99 * DAY}, 2 * DAY},
        {{"x", DAY, IN_2026}, {"x", 3 * DAY, 0}, 2 * DAY},
        /* Another boot: what can be believed of it. */
        {{"x", 9 * DAY, IN_2026}, {"y", 0, IN_2026 + 5 * DAY}, 5 * DAY},
        {{"x", 9 * DAY, IN_2026}, {"y", 0, IN_2026 - DAY}, 0},
        {{"x", 9 * DAY, IN_2026}, {"y", 0, DAY}, 0},
        {{"x", 0, DAY}, {"y", 0, IN_2026}, 0},
        {{"x", 0, IN_2026}, {"y", 0, IN_2026 + 4000 * DAY}, 0},
        /* Boots that nobody can tell apart are different ones. */
        {{"", DAY, IN_2026}, {"", 3 * DAY, IN_2026 + 7 * DAY}, 7 * DAY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(credential_clock_between(&rows[i].then, &rows[i].now), rows[i].between);
}

static void reads_what_it_writes(void **state)
{
    (void)state;
    const struct credential_record records[] = {
        {.name = "one",
            .used = {A, 80 * DAY, CREDENTIAL_OLD},
            .next = {B, DAY, CREDENTIAL_FRESH},
            .from = 7},
        {.name = "two", .refused = B},
    };
    const struct credential_clock then = {"x", DAY, IN_2026};
    const struct credential_clock now = {"y", 1, IN_2026 + DAY};
    struct credential_record back[LIMIT_CREDENTIALS];
    struct strbuf text = STRBUF_INIT;
    struct err e = {0};
    credential_record_write(records, 2, &then, &text);
    assert_int_equal(credential_record_read(strbuf_text(&text), &now, back, &e), 2);
    assert_string_equal(back[0].name, "one");
    assert_string_equal(back[0].used.fingerprint, A);
    assert_int_equal(back[0].used.age, 81 * DAY);
    assert_int_equal(back[0].used.told, CREDENTIAL_OLD);
    assert_int_equal(back[0].next.told, CREDENTIAL_FRESH);
    assert_string_equal(back[0].next.fingerprint, B);
    assert_int_equal(back[0].next.age, 2 * DAY);
    assert_int_equal(back[0].from, 7);
    assert_string_equal(back[0].refused, "");
    assert_string_equal(back[1].used.fingerprint, "");
    assert_string_equal(back[1].refused, B);
    strbuf_fini(&text);
}

static void refuses_what_is_no_record(void **state)
{
    (void)state;
#define HEAD "\"version\":1,\"boot_id\":\"x\",\"boot_usec\":1,\"wall_usec\":1"
    static const char *const rows[] = {
        "",
        "[]",
        "{\"credentials\":[]}",
        "{\"version\":2,\"boot_id\":\"x\",\"boot_usec\":1,\"wall_usec\":1,\"credentials\":[]}",
        "{" HEAD "}",
        "{" HEAD ",\"credentials\":{}}",
        "{" HEAD ",\"credentials\":[7]}",
        "{" HEAD ",\"credentials\":[{\"name\":\"\"}]}",
        "{" HEAD ",\"credentials\":[{\"name\":\"a\",\"used\":{}}]}",
        "{" HEAD ",\"credentials\":[{\"name\":\"a\",\"used\":{\"fingerprint\":\"" A "\"}}]}",
        "{" HEAD ",\"credentials\":[{\"name\":\"a\",\"used\":{\"fingerprint\":\"" A
        "\",\"age_usec\":-1}}]}",
        "{" HEAD ",\"credentials\":[{\"name\":\"a\",\"used\":{\"fingerprint\":\"xyz\","
        "\"age_usec\":1}}]}",
        "{" HEAD ",\"credentials\":[{\"name\":\"a\",\"next\":{\"fingerprint\":\"" A
        "\",\"age_usec\":1}}]}",
        "{" HEAD ",\"credentials\":[{\"name\":\"a\",\"refused\":7}]}",
        "{" HEAD ",\"credentials\":[{\"name\":\"a\",\"used\":{\"fingerprint\":\"" A
        "\",\"age_usec\":1,\"told\":\"never\"}}]}",
    };
    const struct credential_clock now = {"x", 2, 2};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct credential_record back[LIMIT_CREDENTIALS];
        struct err e = {0};
        if (credential_record_read(rows[i], &now, back, &e) != -22 || !e.msg[0])
            fail_msg("row %zu was taken", i);
    }
    struct credential_record back[LIMIT_CREDENTIALS];
    struct err e = {0};
    assert_int_equal(credential_record_read("{" HEAD ",\"credentials\":[]}", &now, back, &e), 0);
}

/* Before there was `told` nobody was told. */
static void reads_what_was_written_before(void **state)
{
    (void)state;
    const struct credential_clock now = {"x", 2, 2};
    struct credential_record back[LIMIT_CREDENTIALS];
    struct err e = {0};
    assert_int_equal(credential_record_read("{" HEAD ",\"credentials\":[{\"name\":\"a\",\"used\":"
                                            "{\"fingerprint\":\"" A "\",\"age_usec\":5}}]}",
                         &now, back, &e),
        1);
    assert_int_equal(back[0].used.told, CREDENTIAL_FRESH);
}

static void refuses_too_many(void **state)
{
    (void)state;
    const struct credential_clock now = {"x", 2, 2};
    struct credential_record back[LIMIT_CREDENTIALS];
    struct strbuf text = STRBUF_INIT;
    struct err e = {0};
    strbuf_adds(&text, "{" HEAD ",\"credentials\":[{\"name\":\"a\"}");
    for (unsigned i = 0; i < LIMIT_CREDENTIALS; i++)
        strbuf_adds(&text, ",{\"name\":\"a\"}");
    strbuf_adds(&text, "]}");
    assert_int_equal(credential_record_read(strbuf_text(&text), &now, back, &e), -22);
    strbuf_fini(&text);
}

static void is_told_before_it_is_due(void **state)
{
    (void)state;
    assert_int_equal(credential_notice_age(90 * DAY), 83 * DAY);
    assert_int_equal(credential_notice_age(8 * DAY), 6 * DAY);
    assert_int_equal(credential_notice_age(USEC_INFINITY), USEC_INFINITY);
}

/* RFC 4231, test case 2. */
static void digests_with_a_key(void **state)
{
    (void)state;
    char text[DIGEST_TEXT];
    digest_keyed("Jefe", 4, "what do ya want for nothing?", 28, text);
    assert_string_equal(text, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_jumps_ages_nobody),
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(refuses_what_is_no_record),
        cmocka_unit_test(reads_what_was_written_before),
        cmocka_unit_test(refuses_too_many),
        cmocka_unit_test(is_told_before_it_is_due),
        cmocka_unit_test(digests_with_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
