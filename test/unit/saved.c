/* core/saved: every value comes back,  and what cannot be is refused. */
#include "core/saved/saved_field.h"

#include "cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct saved one, other;
static uint64_t counter;

/* ---- the rows (that none is missing is found by test/layering/check_saved.py) ---- */

static void cover(const struct saved_field *f, unsigned char *bytes)
{
    if (f->type == SAVED_CHARS)
        assert_in_range(f->size, 2, SAVED_CHARS_MAX);
    if (f->type == SAVED_OBJECT) {
        unsigned n = 0;
        for (const struct saved_field *row = f->parts; row->name; row++, n++)
            cover(row, bytes + row->offset);
        assert_in_range(n, 1, SAVED_ROWS_MAX);
        return;
    }
    for (unsigned i = 0; f->type == SAVED_ARRAY && i < f->n; i++)
        cover(f->parts, bytes + i * f->size);
    for (size_t i = 0; f->type != SAVED_ARRAY && i < f->size; i++) {
        if (bytes[i]++)
            fail_msg("row \"%s\" covers what another does", f->name);
    }
}

static void test_no_two_rows_are_for_one_member(void **state)
{
    (void)state;
    memset(&one, 0, sizeof one);
    cover(&saved_document, (unsigned char *)&one);
    memset(&one, 0, sizeof one);
}

/* ---- every value comes back ---- */

static uint64_t number(const struct saved_field *f, uint64_t max)
{
    if (f->max)
        max = f->max;
    uint64_t distinct = ++counter * UINT64_C(0x9e3779b97f4a7c15);
    return max == UINT64_MAX ? distinct : distinct % (max + 1);
}

static void fill_endpoint(struct endpoint *ep)
{
    char text[ENDPOINT_TEXT_MAX];
    unsigned n = (unsigned)++counter;
    static const char *const shapes[] = {"/run/worker-%u.sock", "127.0.0.1:%u", "[::1]:%u"};
    snprintf(text, sizeof text,
        n % 3 == 0   ? shapes[0]
        : n % 3 == 1 ? shapes[1]
                     : shapes[2],
        1 + n % 60000);
    assert_int_equal(endpoint_parse(text, ep, NULL), 0);
}

static void fill(const struct saved_field *f, void *at)
{
    unsigned u;
    char text[32];
    switch (f->type) {
    case SAVED_BOOL:
        *(bool *)at = true;
        break;
    case SAVED_UNSIGNED:
        *(unsigned *)at = (unsigned)number(f, UINT32_MAX - 1) + (f->max == 0);
        break;
    case SAVED_U16:
        *(uint16_t *)at = (uint16_t)number(f, UINT16_MAX);
        break;
    case SAVED_U64:
        *(uint64_t *)at = ++counter % 5 == 0 && !f->max ? USEC_INFINITY : number(f, UINT64_MAX);
        break;
    case SAVED_INT:
        *(int *)at = (int)number(f, INT32_MAX) * (++counter % 2 ? 1 : -1);
        break;
    case SAVED_I64:
        *(int64_t *)at = (int64_t)number(f, INT64_MAX) * (++counter % 2 ? 1 : -1);
        break;
    case SAVED_ENUM:
        u = 1 + (unsigned)(number(f, UINT32_MAX) % (f->n - 1));
        memcpy(at, &u, sizeof u);
        break;
    case SAVED_CHARS:
        snprintf(at, f->size, "\"%s\" \\ %u \n\x01 \xc3\xa4", f->name, (unsigned)++counter);
        break;
    case SAVED_TEXT:
        snprintf(text, sizeof text, "[Agent]\nName=\"%u\"\t/\\\n", (unsigned)++counter);
        *(char **)at = strdup(text);
        break;
    case SAVED_ENDPOINT:
        fill_endpoint(at);
        break;
    case SAVED_OBJECT:
        for (const struct saved_field *row = f->parts; row->name; row++)
            fill(row, (char *)at + row->offset);
        break;
    case SAVED_ARRAY:
        for (unsigned i = 0; i < f->n; i++)
            fill(f->parts, (char *)at + i * f->size);
        break;
    }
}

/* Every leaf counts: `b` differs from `a` in this one alone. */
static void vary(const struct saved_field *f, unsigned char *a, unsigned char *b)
{
    if (f->type == SAVED_OBJECT) {
        for (const struct saved_field *row = f->parts; row->name; row++)
            vary(row, a + row->offset, b + row->offset);
    } else if (f->type == SAVED_ARRAY) {
        for (unsigned i = 0; i < f->n; i += f->n - 1)
            vary(f->parts, a + i * f->size, b + i * f->size);
    } else if (f->type != SAVED_TEXT) {
        unsigned char was = b[0];
        b[0] = (unsigned char)(was == 0x01 ? 0x00 : 0x01);
        if (f->type == SAVED_BOOL)
            b[0] = !was;
        assert_false(saved_equal(&saved_document, &one, &other));
        b[0] = was;
    }
}

static void read_back(uint64_t version, struct saved *out)
{
    struct strbuf text = STRBUF_INIT;
    struct err e = {0};
    struct json_member m;
    size_t pos = 0;
    saved_write(&one, &text);
    assert_false(text.failed);
    assert_int_equal(json_scan_value(strbuf_text(&text), text.len), text.len - 1);
    while (json_scan_member(strbuf_text(&text), text.len, &pos, &m) && m.key_len != 5)
        ;
    saved_init(out);
    if (saved_read_by(&saved_document, &m, version, out, &e) < 0)
        fail_msg("%s", e.msg);
    strbuf_fini(&text);
}

static void test_every_value_comes_back(void **state)
{
    (void)state;
    memset(&one, 0, sizeof one);
    fill(&saved_document, &one);
    read_back(SAVED_VERSION, &other);
    assert_true(saved_equal(&saved_document, &one, &other));
    vary(&saved_document, (unsigned char *)&one, (unsigned char *)&other);
    assert_true(saved_equal(&saved_document, &one, &other));
    saved_fini(&one);
    saved_fini(&other);
}

/* ---- a fleet that works ---- */

static const struct fleet_conf conf = {
    .worker = {.start_timeout = 100,
        .drain_timeout = 100,
        .stop_timeout = 100,
        .abort_timeout = 100,
        .kill_timeout = 100},
    .restart =
        {.delay = 10, .multiplier = 2, .max_delay = 100, .stable_after = 100, .loop_after = 3},
    .prober = {.interval = 10, .start_interval = 10, .fast_interval = 10, .rise = 1, .fall = 2},
    .rollout = {.bake = 50, .keep_warm = 50, .canary = 1, .max_surge = {1, false}},
    .overlap = true,
    .standby = 1,
};

static struct fleet_update update;

static void step(struct fleet_event ev)
{
    fleet_step(&conf, &one.fleet, &ev, &update);
}

static void begin(void)
{
    saved_init(&one);
    strcpy(one.boot_id, "b");
    step((struct fleet_event){.type = FLEET_EV_DEPENDENCY, .now = 1, .dependency = DEPENDENCY_UP});
    step((struct fleet_event){.type = FLEET_EV_RESIZE, .now = 1, .n_workers = 1});
    for (unsigned i = 0; i < 2; i++) {
        step((struct fleet_event){.type = FLEET_EV_SPAWNED, .now = 2, .slot = i, .life = i + 1});
        step((struct fleet_event){
            .type = FLEET_EV_PROBED, .now = 3, .slot = i, .life = i + 1, .seq = 1});
    }
    assert_int_equal(fleet_serving(&one.fleet), 1);
    one.processes[0].pid = 100;
    one.processes[1].pid = 101;
    one.config = strdup("[Agent]\nExecStart=/bin/true\n");
}

static char *document(void)
{
    struct strbuf text = STRBUF_INIT;
    saved_write(&one, &text);
    return strbuf_take(&text);
}

static void test_a_fleet_comes_back(void **state)
{
    (void)state;
    struct err e = {0};
    begin();
    char *text = document();
    if (saved_read(text, strlen(text), &other, &e) < 0)
        fail_msg("%s", e.msg);
    assert_true(saved_equal(&saved_document, &one, &other));
    assert_null(other.previous);
    assert_null(strstr(text, "\"5\":{")); /* slots that were never used */
    assert_int_equal(other.fleet.slots[5].prober.dependency, DEPENDENCY_UP);
    saved_fini(&other);
    saved_fini(&one);
    free(text);
}

/* Reads the document after `from` has become `to`; asserts that it is refused, and how. */
static void refused(const char *from, const char *to, int code, const char *says)
{
    struct err e = {0};
    struct strbuf text = STRBUF_INIT;
    begin();
    char *whole = document();
    const char *at = strstr(whole, from);
    assert_non_null(at);
    strbuf_add(&text, whole, (size_t)(at - whole));
    strbuf_adds(&text, to);
    strbuf_adds(&text, at + strlen(from));
    memset(&other, 0x55, sizeof other);
    assert_int_equal(saved_read(strbuf_text(&text), text.len, &other, &e), code);
    assert_int_equal(((unsigned char *)&other)[0], 0x55); /* nothing is written */
    if (!strstr(e.msg, says))
        fail_msg("want \"%s\", is \"%s\"", says, e.msg);
    strbuf_fini(&text);
    saved_fini(&one);
    free(whole);
}

/* What cannot be written as it is must not make the document one that is refused. */
static void test_a_name_that_was_cut_is_read(void **state)
{
    (void)state;
    struct err e = {0};
    begin();
    memset(one.processes[0].name, 'x', SAVED_NAME_MAX - 1);
    memset(one.processes[0].release, 0xC3, SAVED_RELEASE_MAX - 1);
    char *text = document();
    if (saved_read(text, strlen(text), &other, &e) < 0)
        fail_msg("%s", e.msg);
    assert_string_equal(other.processes[0].name, one.processes[0].name);
    assert_int_equal(strspn(other.processes[0].release, "?"), SAVED_RELEASE_MAX - 1);
    saved_fini(&other);
    saved_fini(&one);
    free(text);
}

static void test_what_is_no_document_is_refused(void **state)
{
    (void)state;
    refused("{", "", -EINVAL, "not one JSON object");
    refused("}\n", "} x", -EINVAL, "not one JSON object");
    refused("\"version\":2", "\"version\":3", -EPROTO, "version \"3\"");
    refused("\"version\":2", "\"version\":0", -EINVAL, "names no version");
    refused("\"version\":2", "\"version\":\"2\"", -EINVAL, "names no version");
    refused("\"state\":{", "\"estate\":{", -EINVAL, "\"state\" is missing");
    refused("\"outage\":false,", "", -EINVAL, "\"fleet.rollout.outage\" is missing");
    refused("\"outage\":false", "\"outage\":0", -EINVAL,
        "\"fleet.rollout.outage\" is 0, neither true nor false");
    refused("\"state\":\"serving\"", "\"state\":\"sitting\"", -EINVAL,
        "\"fleet.slots.0.worker.state\" is \"sitting\", none of the names that we know");
    refused("\"n_workers\":1", "\"n_workers\":65", -EINVAL, "not a number from 0 to 64");
    refused("\"n_workers\":1", "\"n_workers\":-1", -EINVAL, "not a number from 0 to 64");
    refused("\"n_workers\":1", "\"n_workers\":1.0", -EINVAL, "not a number from 0 to 64");
    refused("\"slot\":0", "\"slot\":64", -EINVAL, "\"fleet.restart.slot\" is 64, not a number");
    refused("\"next_life\":2", "\"next_life\":18446744073709551615", -EINVAL, "not a number");
    refused("\"next_life\":2", "\"next_life\":111111111111111111111111111111", -EINVAL, "not a");
    refused("\"slots\":{\"0\":", "\"slots\":{\"64\":", -EINVAL, "has no place there");
    refused("\"slots\":{\"0\":", "\"slots\":{\"x\":", -EINVAL, "has no place there");
    refused("\"boot_id\":\"b\"", "\"boot_id\":7", -EINVAL, "\"boot_id\" is 7, not a text");
    refused("\"boot_id\":\"b\"", "\"boot_id\":\"a\\u0000b\"", -EINVAL, "cut by a NUL");
    refused("\"boot_id\":\"b\"", "\"boot_id\":\"0123456789012345678901234567890123456789\"",
        -EINVAL, "too long");
    refused("\"boot_id\":\"b\"", "\"boot_id\":\"\xc3\"", -EINVAL, "not UTF-8");
    refused("\"privates\":{}", "\"privates\":{\"0\":\"here\"}", -EINVAL, "not an address");
    refused("\"privates\":{}", "\"privates\":[]", -EINVAL, "not an object");
    refused("\"pid\":100", "\"pid\":-1", -EINVAL, "that no worker can have");
    refused("\"pid\":100", "\"pid\":101", -EINVAL, "two slots have one process");
    refused("\"name\":\"\"", "\"name\":\"a/b\"", -EINVAL, "a name that is a path");
}

static void test_what_cannot_be_is_refused(void **state)
{
    (void)state;
    refused("\"life\":2", "\"life\":1", -EINVAL, "two lives have one number");
    refused("\"life\":2", "\"life\":3", -EINVAL, "a number that was never given");
    refused("\"n_slots\":2", "\"n_slots\":1", -EINVAL, "beyond n_slots");
    refused("\"state\":\"serving\"", "\"state\":\"gone\"", -EINVAL, "waits");
    refused("\"state\":\"serving\"", "\"state\":\"killed\"", -EINVAL, "probes");
    refused("\"state\":\"serving\"", "\"state\":\"starting\"", -EINVAL, "is verified");
    refused("\"state\":\"serving\"", "\"state\":\"draining\"", -EINVAL, "not wanted");
    refused("\"alive\":true", "\"alive\":false", -EINVAL, "does not run");
    refused("\"stopping\":false", "\"stopping\":true", -EINVAL, "while all are to stop");
    refused("\"generation\":1", "\"generation\":2", -EINVAL, "that was never begun");
    refused("\"latest\":1", "\"latest\":0", -EINVAL, "that was never begun");
    refused("\"owed\":false", "\"owed\":true", -EINVAL, "over waits");
}

/* ---- versions ---- */

struct later {
    uint64_t old, young;
};

static void test_an_older_version_lacks_what_came_later(void **state)
{
    (void)state;
    static const struct saved_field rows[] = {
        {.name = "old", .offset = offsetof(struct later, old), .size = 8, .type = SAVED_U64},
        {.name = "young",
            .offset = offsetof(struct later, young),
            .size = 8,
            .type = SAVED_U64,
            .since = 3},
        {.name = NULL},
    };
    static const struct saved_field table = {
        .size = sizeof(struct later), .type = SAVED_OBJECT, .parts = rows};
    static const struct json_member m = {.value = "{\"old\":1}", .value_len = 9};
    static const struct json_member young = {.value = "{\"young\":1}", .value_len = 11};
    struct later l = {.young = 7};
    struct err e = {0};
    assert_int_equal(saved_read_by(&table, &m, 2, &l, &e), 0);
    assert_int_equal(l.old, 1);
    assert_int_equal(l.young, 7);
    assert_int_equal(saved_read_by(&table, &m, 3, &l, &e), -EINVAL);
    assert_string_equal(e.msg, "read saved state: \"young\" is missing");
    assert_int_equal(saved_read_by(&table, &young, 2, &l, &e), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_two_rows_are_for_one_member),
        cmocka_unit_test(test_every_value_comes_back),
        cmocka_unit_test(test_a_fleet_comes_back),
        cmocka_unit_test(test_a_name_that_was_cut_is_read),
        cmocka_unit_test(test_what_is_no_document_is_refused),
        cmocka_unit_test(test_what_cannot_be_is_refused),
        cmocka_unit_test(test_an_older_version_lacks_what_came_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
