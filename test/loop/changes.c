/* The change log of a whole daemon: what goes into it, what a restart finds, and a full disk. */
#include "daemon/changes/changes.h"

#include "core/event.h"
#include "daemon_rig.h"
#include "io/files/files.h"
#include "voxkeeper/control.h"

#include <errno.h>

static struct daemon_rig rig;
static int append_errno; /* files_append() of the log fails with it; 0: it does not */

int __real_files_append(const char *path, const void *bytes, size_t len, struct err *e);
int __wrap_files_append(const char *path, const void *bytes, size_t len, struct err *e);

/* A full disk takes half of what it is given. */
int __wrap_files_append(const char *path, const void *bytes, size_t len, struct err *e)
{
    if (append_errno == 0 || !strstr(path, "changelog"))
        return __real_files_append(path, bytes, len, e);
    (void)__real_files_append(path, bytes, len / 2, e);
    return err_sys(e, -append_errno, "appending to \"%s\"", path);
}

static char *log_path(void)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/state/changelog.jsonl", rig.scratch.dir);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    append_errno = 0;
    daemon_rig_init(&rig);
    daemon_rig_configure(&rig, "/bin/sleep 1000", "");
    daemon_rig_start(&rig);
    struct event started; /* as daemon_begin() tells it */
    event_init(&started, EVENT_DAEMON_STARTED);
    event_emit(&started);
    event_fini(&started);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    daemon_rig_fini(&rig);
    return 0;
}

static char *read_log(void)
{
    char *text = NULL;
    size_t len = 0;
    struct err e = {0};
    if (files_read(log_path(), 1 << 20, &text, &len, &e) < 0)
        return strdup("");
    return text;
}

static bool log_has(void *arg)
{
    char *text = read_log();
    bool has = strstr(text, arg) != NULL;
    free(text);
    return has;
}

static void log_must_get(const char *part)
{
    if (!pump_try(&rig.pump, log_has, (void *)part, 20 * USEC_PER_SEC))
        fail_msg("\"%s\" is not in the log:\n%s", part, read_log());
}

static void log_must_be_whole(unsigned lines)
{
    struct changelog_finding f;
    char *text = read_log();
    changelog_check(text, strlen(text), &f);
    if (f.faults > 0 || f.whole != strlen(text) || f.lines != lines)
        fail_msg("%llu lines, %llu faults:\n%s", (unsigned long long)f.lines,
            (unsigned long long)f.faults, text);
    free(text);
}

static void what_is_done_is_in_it(void **state)
{
    (void)state;
    log_must_get("\"kind\":\"version\",\"author\":\"voxkeeperd\"");
    daemon_rig_configure(&rig, "/bin/sleep 1000", "[Restart]\nJitter=77%\n");
    daemon_rig_must_say(daemon_rig_do(&rig, VK_API_RELOAD, "{\"reason\":\"less herd\"}"), "done: ");
    log_must_get("\"kind\":\"reload\"");
    log_must_get("\"reason\":\"less herd\"");
    log_must_get("\"text\":\"the new configuration is in force: [Restart] Jitter: 10% -> 77%\"");
    daemon_rig_must_say(daemon_rig_do(&rig, VK_API_RESTART, "{\"reason\":\"leak\"}"), "done: ");
    log_must_get("\"kind\":\"restart\"");
    log_must_get("\"reason\":\"leak\"");
    daemon_rig_must_say(
        daemon_rig_do(&rig, VK_API_CHANGELOG, "{\"text\":\"a new DNS name\",\"reason\":\"moved\"}"),
        "done: noted in the change log");
    log_must_get("\"kind\":\"note\"");
    log_must_be_whole(4);
    witness_must("change-recorded|change log: note by ");
}

static void what_says_nothing_is_refused(void **state)
{
    (void)state;
    const struct daemon_rig_answer *a =
        daemon_rig_ask(&rig, "POST", VK_API_CHANGELOG, "{\"reason\":\"why\"}");
    assert_int_equal(a->status, 400);
    assert_non_null(strstr(a->body, "must say what was changed"));
}

static void it_is_read_back(void **state)
{
    (void)state;
    (void)daemon_rig_do(&rig, VK_API_CHANGELOG, "{\"text\":\"first\",\"reason\":\"\"}");
    (void)daemon_rig_do(&rig, VK_API_CHANGELOG, "{\"text\":\"second\",\"reason\":\"\"}");
    log_must_get("second");
    const char *body = daemon_rig_ask(&rig, "GET", VK_API_CHANGELOG "?kind=note", "")->body;
    struct cJSON *o = cJSON_Parse(body);
    struct cJSON *list = cJSON_GetObjectItem(o, "changes");
    assert_int_equal(cJSON_GetArraySize(list), 2);
    assert_string_equal(
        cJSON_GetObjectItem(cJSON_GetArrayItem(list, 0), "text")->valuestring, "second");
    assert_null(cJSON_GetObjectItem(cJSON_GetArrayItem(list, 0), "tampered"));
    cJSON_Delete(o);
    static const char *const nothing[] = {
        "?kind=note&since=2199-01-01T00:00:00Z", "?author=nobody-of-this-name", "?kind=sweep"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        char path[100];
        snprintf(path, sizeof path, VK_API_CHANGELOG "%s", nothing[i]);
        assert_non_null(strstr(daemon_rig_ask(&rig, "GET", path, "")->body, "\"changes\":[]"));
    }
    assert_int_equal(daemon_rig_ask(&rig, "GET", VK_API_CHANGELOG "?limit=0", "")->status, 400);
    assert_int_equal(daemon_rig_ask(&rig, "GET", VK_API_CHANGELOG "?since=x", "")->status, 400);
}

static void a_full_disk_loses_nothing(void **state)
{
    (void)state;
    log_must_get("\"kind\":\"version\"");
    append_errno = ENOSPC;
    (void)daemon_rig_do(&rig, VK_API_CHANGELOG, "{\"text\":\"one\",\"reason\":\"\"}");
    daemon_rig_hear(&rig, "changelog-unwritten|");
    strbuf_reset(&witness_text);
    (void)daemon_rig_do(&rig, VK_API_CHANGELOG, "{\"text\":\"two\",\"reason\":\"\"}");
    daemon_rig_hear(&rig, ": two");
    daemon_rig_hear(&rig, "changelog-unwritten|"); /* the other thread is done with the file */
    log_must_be_whole(1);
    append_errno = 0;
    (void)daemon_rig_do(&rig, VK_API_CHANGELOG, "{\"text\":\"three\",\"reason\":\"\"}");
    log_must_get("\"text\":\"three\"");
    log_must_be_whole(4);
}

static void write_log(const char *text, const char *mode)
{
    FILE *f = fopen(log_path(), mode);
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* A second log of its own over the same file. */
static void open_again(void)
{
    struct changes *c =
        changes_new(rig.d.loop, strcat(strcpy((char[200]){0}, rig.scratch.dir), "/state"));
    assert_non_null(c);
    changes_free(c);
}

static void half_an_entry_is_taken_off(void **state)
{
    (void)state;
    log_must_get("\"kind\":\"version\"");
    write_log("{\"seq\":2,\"time\":\"2026", "a");
    open_again();
    log_must_be_whole(1);
    witness_must("half an entry, which was taken off: {\"seq\":2,");
    witness_must_not("changelog-damaged|");
}

static void tampering_is_told(void **state)
{
    (void)state;
    log_must_get("\"kind\":\"version\"");
    char *text = read_log();
    memcpy(strstr(text, "version of"), "VERSION", 7);
    write_log(text, "w");
    free(text);
    open_again();
    witness_must("changelog-damaged|the change log was tampered with: line 1 of ");
    witness_must("was changed after it was written");
    const char *body = daemon_rig_ask(&rig, "GET", VK_API_CHANGELOG, "")->body;
    assert_non_null(strstr(body, "\"tampered\":true"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_done_is_in_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_says_nothing_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(half_an_entry_is_taken_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tampering_is_told, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
