/* daemon/api/api_body: what a request may say, and what is refused and why. */
#include "daemon/api/api_body.h"

#include "cmocka_all.h"
#include "voxkeeper/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads from memory that ends where the body ends. */
static int read_bytes(const char *text, size_t len, struct api_body *body, struct err *e)
{
    char *copy = malloc(len ? len : 1);
    memcpy(copy, text, len);
    int r = api_body_read(copy, len, body, e);
    free(copy);
    return r;
}

static void refused(const char *text, const char *why)
{
    struct api_body body;
    struct err e = {0};
    assert_int_equal(read_bytes(text, strlen(text), &body, &e), -EINVAL);
    api_body_fini(&body);
    char expected[ERR_MSG_MAX];
    snprintf(expected, sizeof expected, "reading the request: %s", why);
    assert_string_equal(e.msg, expected);
}

static void nothing_is_fine(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{}", " {} \n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct api_body body;
        struct err e = {0};
        assert_int_equal(read_bytes(texts[i], strlen(texts[i]), &body, &e), 0);
        assert_string_equal(body.reason, "");
        assert_false(body.sweep.dry_run);
        assert_null(body.sweep.keyspace);
        assert_int_equal(body.sweep.older_than, 0);
        api_body_fini(&body);
    }
}

static void what_restores(void **state)
{
    (void)state;
    struct api_body body;
    struct err e = {0};
    static const char text[] = "{\"file\":\"f\",\"key\":\"a*\",\"replace\":true}";
    assert_int_equal(read_bytes(text, strlen(text), &body, &e), 0);
    assert_string_equal(body.restore.file, "f");
    assert_string_equal(body.restore.key, "a*");
    assert_true(body.restore.replace);
    assert_false(body.restore.show);
    assert_string_equal(
        api_body_surplus(&body, API_MEMBER_BIT(FILE) | API_MEMBER_BIT(KEY)), "replace");
    api_body_fini(&body);
    refused("{\"replace\":1}", "\"replace\" must be true or false");
    refused("{\"file\":[]}", "\"file\" must be a string");
}

static void every_member(void **state)
{
    (void)state;
    struct api_body body;
    struct err e = {0};
    static const char text[] =
        "{\"reason\":\"why \\u00e9\",\"dry_run\":true,\"keyspace\":\"tasks\",\"older_than\":\"2h\","
        "\"limit\":1e3,\"confirm\":\"t\",\"no_backup\":true,\"stuck\":true,\"sort\":\"ttl\","
        "\"operation\":7,"
        "\"file\":\"f\",\"key\":\"a*\",\"replace\":true,"
        "\"span\":\"30m\",\"end\":true,\"notifier\":\"n\",\"text\":\"x\",\"suppressed\":7,"
        "\"junit\":true,\"preflight\":true,\"override\":\"o\","
        "\"release\":\"2.1\",\"responsible\":\"Ada\",\"eta\":\"2099-01-01T00:00:00Z\","
        "\"workers\":4,\"default\":true}";
    assert_int_equal(read_bytes(text, strlen(text), &body, &e), 0);
    assert_string_equal(body.text, "x");
    assert_string_equal(body.reason, "why \xc3\xa9");
    assert_true(body.sweep.dry_run);
    assert_string_equal(body.sweep.keyspace, "tasks");
    assert_int_equal(body.sweep.older_than, 2 * USEC_PER_HOUR);
    assert_int_equal(body.sweep.limit, 1000);
    assert_string_equal(body.sweep.confirm, "t");
    assert_true(body.sweep.no_backup);
    assert_true(body.keys.stuck);
    assert_int_equal(body.keys.sort, KEY_SORT_TTL);
    assert_int_equal(body.operation, 7);
    assert_int_equal(body.alert.span, 30 * USEC_PER_MIN);
    assert_true(body.alert.end);
    assert_string_equal(body.alert.notifier, "n");
    assert_int_equal(body.suppressed, 7);
    assert_true(body.preflight.junit);
    assert_true(body.preflight.first);
    assert_string_equal(body.preflight.override_reason, "o");
    assert_string_equal(body.preflight.team.release, "2.1");
    assert_string_equal(body.preflight.team.responsible, "Ada");
    assert_int_equal(body.preflight.team.due_wall, UINT64_C(4070908800) * USEC_PER_SEC);
    assert_int_equal(body.scale.workers, 4);
    assert_true(body.scale.as_configured);
    assert_int_equal(body.members, (1U << API_MEMBER_COUNT) - 1);
    api_body_fini(&body);
}

static void what_a_path_does_not_take(void **state)
{
    (void)state;
    struct api_body body;
    struct err e = {0};
    static const char text[] = "{\"reason\":\"x\",\"sort\":\"age\"}";
    assert_int_equal(read_bytes(text, strlen(text), &body, &e), 0);
    assert_string_equal(api_body_surplus(&body, 0), "reason");
    assert_string_equal(api_body_surplus(&body, API_MEMBER_BIT(REASON)), "sort");
    assert_null(api_body_surplus(&body, API_MEMBER_BIT(REASON) | API_MEMBER_BIT(SORT)));
    api_body_fini(&body);
}

static void what_is_no_object(void **state)
{
    (void)state;
    static const char *const texts[] = {"x", "[]", "1", "null", "\"reason\"", "{", "{\"a\":}",
        "{\"reason\":\"x\"", "{} {}", "{}x", "{\"reason\":\"x\"},"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        refused(texts[i], "its body is not a JSON object");
}

static void every_bad_member(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *why;
    } rows[] = {
        {"{\"reason\":1}", "\"reason\" must be a string"},
        {"{\"reason\":null}", "\"reason\" must be a string"},
        {"{\"reason\":{}}", "\"reason\" must be a string"},
        {"{\"dry_run\":1}", "\"dry_run\" must be true or false"},
        {"{\"dry_run\":\"yes\"}", "\"dry_run\" must be true or false"},
        {"{\"dry_run\":null}", "\"dry_run\" must be true or false"},
        {"{\"keyspace\":[\"tasks\"]}", "\"keyspace\" must be a string"},
        {"{\"older_than\":3600}", "\"older_than\" must be a string"},
        {"{\"older_than\":\"soon\"}",
            "\"older_than\" must be a time span such as 24h, not \"soon\""},
        {"{\"older_than\":\"\"}", "\"older_than\" must be a time span such as 24h, not \"\""},
        {"{\"older_than\":\"0\"}", "\"older_than\" must be a time span such as 24h, not \"0\""},
        {"{\"older_than\":\"-1h\"}", "\"older_than\" must be a time span such as 24h, not \"-1h\""},
        {"{\"no_backup\":1}", "\"no_backup\" must be true or false"},
        {"{\"stuck\":[]}", "\"stuck\" must be true or false"},
        {"{\"sort\":\"name\"}", "\"sort\" must be age or ttl, not \"name\""},
        {"{\"sort\":1}", "\"sort\" must be a string"},
        {"{\"workers\":0}", "\"workers\" must be a whole number above 0"},
        {"{\"workers\":-2}", "\"workers\" must be a whole number above 0"},
        {"{\"workers\":\"2\"}", "\"workers\" must be a whole number above 0"},
        {"{\"default\":1}", "\"default\" must be true or false"},
        {"{\"limit\":0}", "\"limit\" must be a whole number above 0"},
        {"{\"limit\":1.5}", "\"limit\" must be a whole number above 0"},
        {"{\"limit\":-1}", "\"limit\" must be a whole number above 0"},
        {"{\"limit\":1e300}", "\"limit\" must be a whole number above 0"},
        {"{\"operation\":\"7\"}", "\"operation\" must be a whole number above 0"},
        {"{\"Reason\":\"x\"}", "unknown member \"Reason\""},
        {"{\"\":1}", "unknown member \"\""},
        {"{\"reason\":\"x\",\"force\":true}", "unknown member \"force\""},
        {"{\"a_name_that_is_longer_than_anybody_needs_it\":1}",
            "unknown member \"a_name_that_is_longer_than_anybody_needs…\""},
        {"{\"x\\u0007y\":1}", "unknown member \"x\\x07y\""},
        {"{\"x\377y\":1}", "its body is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refused(rows[i].text, rows[i].why);
}

static void limits(void **state)
{
    (void)state;
    static char text[VK_REASON_MAX + 64];
    static char filler[VK_REASON_MAX + 2];
    struct api_body body;
    struct err e = {0};
    memset(filler, 'x', VK_REASON_MAX);
    snprintf(text, sizeof text, "{\"reason\":\"%s\"}", filler);
    assert_int_equal(read_bytes(text, strlen(text), &body, &e), 0);
    assert_int_equal(strlen(body.reason), VK_REASON_MAX);
    api_body_fini(&body);
    filler[VK_REASON_MAX] = 'x';
    snprintf(text, sizeof text, "{\"reason\":\"%s\"}", filler);
    refused(text, "\"reason\" is longer than 1024 bytes");
    filler[LIMIT_NAME + 1] = '\0';
    snprintf(text, sizeof text, "{\"keyspace\":\"%s\"}", filler);
    refused(text, "\"keyspace\" is longer than 64 bytes");
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    static char text[60 * 1024];
    memset(text, '[', sizeof text - 1);
    memcpy(text, "{\"a\":", 5);
    refused(text, "its body is not a JSON object");
}

static void who_it_was(void **state)
{
    (void)state;
    char author[API_AUTHOR_MAX];
    static const char *const liars[] = {
        "", "a b", "a)", "a\n", "\xc3\xa4", "a-name-longer-than-any-user-name-may-be"};
    const struct http_peer root = {.local = true, .uid = 0};
    const struct http_peer stranger = {.local = true, .uid = 2000000001};
    const struct http_peer remote = {.local = false, .uid = 0};
    api_author(&root, NULL, NULL, author);
    assert_string_equal(author, "root");
    api_author(&root, "alice-1", NULL, author);
    assert_string_equal(author, "root (alice-1)");
    for (size_t i = 0; i < sizeof liars / sizeof *liars; i++) {
        api_author(&root, liars[i], NULL, author);
        assert_string_equal(author, "root");
    }
    api_author(&stranger, "alice", NULL, author);
    assert_string_equal(author, "uid 2000000001");
    api_author(&remote, "alice", NULL, author);
    assert_null(strchr(author, '('));
    /* Of whom the manager acts for it says nothing. */
    const struct http_peer ourselves = {.local = true, .uid = geteuid()};
    api_author(&ourselves, NULL, VK_MANAGER_RELOAD, author);
    assert_string_equal(author, "systemd (systemctl reload)");
    api_author(&root, NULL, "something else", author);
    assert_string_equal(author, "root");
    api_author(&stranger, NULL, VK_MANAGER_RELOAD, author);
    assert_string_equal(author, "uid 2000000001");
    api_author(&remote, NULL, VK_MANAGER_RELOAD, author);
    assert_null(strchr(author, '('));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_fine),
        cmocka_unit_test(what_restores),
        cmocka_unit_test(every_member),
        cmocka_unit_test(what_a_path_does_not_take),
        cmocka_unit_test(what_is_no_object),
        cmocka_unit_test(every_bad_member),
        cmocka_unit_test(limits),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(who_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
