/* core/incidents/delivery_queue: what is next, what a newer notice makes needless, and what a file
 * says. */
#include "core/incidents/delivery_queue.h"

#include "cmocka_all.h"

#include "core/limits.h"

#include <errno.h>

#include <stdio.h>
#include <string.h>

static const char *text(enum notice_kind kind, const char *incident, enum severity severity)
{
    static char json[2048];
    struct strbuf out = STRBUF_INIT;
    const struct notice n = {.kind = kind,
        .incident = incident,
        .condition = CONDITION_CRASH_LOOP,
        .severity = severity,
        .agent = "a",
        .subject = "",
        .summary = "it \"crashes\"\n\xc3\xa9",
        .details = "",
        .runbook_url = "file:///r.md#crash-loop",
        .opened_wall = 1760000000123000,
        .wall = 1760000001000000};
    notice_write_json(&n, "host", &out);
    snprintf(json, sizeof json, "%s", strbuf_text(&out));
    strbuf_fini(&out);
    return json;
}

static unsigned gone, lost;

static void on_gone(const struct delivery_entry *entry, bool is_lost, void *arg)
{
    (void)entry;
    (void)arg;
    gone += !is_lost;
    lost += is_lost;
}

static uint64_t put(struct delivery_queue *q, enum notice_kind kind, const char *incident,
    enum severity severity, uint64_t busy)
{
    struct err e = {0};
    uint64_t number =
        delivery_queue_put(q, text(kind, incident, severity), busy, on_gone, NULL, &e);
    assert_int_not_equal(number, 0);
    return number;
}

static uint64_t next(const struct delivery_queue *q)
{
    const struct delivery_entry *entry = delivery_queue_next(q);
    return entry ? entry->number : 0;
}

static void urgent_ones_first_and_each_incident_in_order(void **state)
{
    (void)state;
    struct delivery_queue q = {0};
    uint64_t minor = put(&q, NOTICE_OPENED, "i3", SEVERITY_P3, 0);
    uint64_t opened = put(&q, NOTICE_OPENED, "i2", SEVERITY_P2, 0);
    uint64_t over = put(&q, NOTICE_RESOLVED, "i2", SEVERITY_P1, 0); /* it became worse */
    uint64_t major = put(&q, NOTICE_OPENED, "i1", SEVERITY_P1, 0);
    const uint64_t order[] = {major, opened, over, minor};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(next(&q), order[i]);
        assert_false(delivery_queue_done(&q, order[i], false));
    }
    assert_int_equal(next(&q), 0);
    delivery_queue_fini(&q);
}

static void the_newest_update_is_told_and_the_ends_always(void **state)
{
    (void)state;
    struct delivery_queue q = {0};
    gone = lost = 0;
    uint64_t opened = put(&q, NOTICE_OPENED, "i", SEVERITY_P2, 0);
    uint64_t busy = put(&q, NOTICE_UPDATED, "i", SEVERITY_P2, 0);
    uint64_t other = put(&q, NOTICE_UPDATED, "j", SEVERITY_P2, 0);
    put(&q, NOTICE_UPDATED, "i", SEVERITY_P2, busy);
    assert_int_equal(gone, 0);
    put(&q, NOTICE_UPDATED, "i", SEVERITY_P2, busy);
    assert_int_equal(gone, 1);
    put(&q, NOTICE_ACKNOWLEDGED, "i", SEVERITY_P2, busy);
    uint64_t over = put(&q, NOTICE_RESOLVED, "i", SEVERITY_P2, busy);
    assert_int_equal(gone, 3);
    assert_int_equal(lost, 0);
    assert_non_null(delivery_queue_find(&q, opened));
    assert_non_null(delivery_queue_find(&q, busy));
    assert_non_null(delivery_queue_find(&q, other));
    assert_non_null(delivery_queue_find(&q, over));
    assert_int_equal(delivery_queue_waiting(&q), 4);
    delivery_queue_fini(&q);
}

static void what_is_told_stands_until_its_end(void **state)
{
    (void)state;
    struct delivery_queue q = {0};
    assert_true(delivery_queue_done(&q, put(&q, NOTICE_OPENED, "i", SEVERITY_P2, 0), true));
    assert_int_equal(next(&q), 0);
    assert_true(delivery_queue_done(&q, put(&q, NOTICE_UPDATED, "i", SEVERITY_P2, 0), true));
    assert_int_equal(delivery_queue_standing(&q), 1);
    assert_int_equal(q.entries[0].read.notice.kind, NOTICE_UPDATED);
    assert_true(delivery_queue_done(&q, put(&q, NOTICE_OPENED, "j", SEVERITY_P2, 0), true));
    assert_false(delivery_queue_done(&q, put(&q, NOTICE_RESOLVED, "i", SEVERITY_P2, 0), true));
    /* A deployment is told once, whatever its receiver remembers. */
    assert_false(delivery_queue_done(&q, put(&q, NOTICE_BEGUN, "d", SEVERITY_P3, 0), true));
    assert_false(delivery_queue_done(&q, put(&q, NOTICE_ENDED, "d", SEVERITY_P3, 0), true));
    assert_int_equal(q.n, 1);
    assert_string_equal(q.entries[0].read.notice.incident, "j");
    delivery_queue_fini(&q);
}

static void the_least_urgent_makes_room(void **state)
{
    (void)state;
    struct delivery_queue q = {0};
    char name[32];
    lost = 0;
    uint64_t major = put(&q, NOTICE_OPENED, "major", SEVERITY_P1, 0);
    uint64_t first = put(&q, NOTICE_OPENED, "first", SEVERITY_P3, 0);
    for (unsigned i = 2; i < LIMIT_NOTICES + 3; i++) {
        snprintf(name, sizeof name, "i%u", i);
        put(&q, NOTICE_OPENED, name, SEVERITY_P3, first);
    }
    assert_int_equal(q.n, LIMIT_NOTICES);
    assert_int_equal(lost, 3);
    assert_non_null(delivery_queue_find(&q, major));
    assert_non_null(delivery_queue_find(&q, first)); /* it is under way */
    delivery_queue_fini(&q);
}

static void replay(struct delivery_queue *q, const char *lines)
{
    struct err e = {0};
    while (*lines) {
        size_t len = strcspn(lines, "\n");
        if (delivery_queue_replay(q, lines, len, &e) < 0)
            fail_msg("%s", e.msg);
        lines += len + 1;
    }
}

static void a_file_brings_back_the_same(void **state)
{
    (void)state;
    struct delivery_queue q = {0}, back = {0};
    struct strbuf lines = STRBUF_INIT, again = STRBUF_INIT;
    delivery_queue_done(&q, put(&q, NOTICE_OPENED, "stands", SEVERITY_P2, 0), true);
    uint64_t told = put(&q, NOTICE_OPENED, "told", SEVERITY_P2, 0);
    put(&q, NOTICE_OPENED, "waits", SEVERITY_P1, 0);
    delivery_queue_write(&q, &lines);
    strbuf_addf(&lines, "done %u\n", (unsigned)told);
    replay(&back, strbuf_text(&lines));
    delivery_queue_done(&q, told, false);
    strbuf_reset(&lines);
    delivery_queue_write(&q, &lines);
    delivery_queue_write(&back, &again);
    assert_string_equal(strbuf_text(&lines), strbuf_text(&again));
    assert_int_equal(back.latest, q.latest);
    assert_string_equal(back.entries[1].read.notice.summary, "it \"crashes\"\n\xc3\xa9");
    assert_true(back.entries[1].read.notice.opened_wall == 1760000000123000);
    strbuf_fini(&lines);
    strbuf_fini(&again);
    delivery_queue_fini(&q);
    delivery_queue_fini(&back);
}

static void bad_lines_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "put", "put 1", "put x {}", "put 1 {}", "put 1 []",
        "put 0 {}", "done", "done x", "what 1", "put 99999999999999999999999 {}",
        "put 1 {\"kind\":\"opened\",\"condition\":\"nothing\",\"severity\":\"P1\"}"};
    struct delivery_queue q = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = {0};
        assert_int_equal(delivery_queue_replay(&q, rows[i], strlen(rows[i]), &e), -EINVAL);
        assert_true(e.msg[0]);
    }
    assert_int_equal(q.n, 0);
    delivery_queue_fini(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urgent_ones_first_and_each_incident_in_order),
        cmocka_unit_test(the_newest_update_is_told_and_the_ends_always),
        cmocka_unit_test(what_is_told_stands_until_its_end),
        cmocka_unit_test(the_least_urgent_makes_room),
        cmocka_unit_test(a_file_brings_back_the_same),
        cmocka_unit_test(bad_lines_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
