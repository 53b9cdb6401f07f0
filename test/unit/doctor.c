/* core/doctor: the table of checks, and what follows from what. */
#include "doctor_found.h"

#include <cjson/cJSON.h>

static void every_check_is_whole(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DOCTOR_CHECK_COUNT; i++) {
        enum doctor_check check = (enum doctor_check)i;
        enum doctor_check same;
        assert_true(doctor_find_name(doctor_name(check), &same));
        assert_int_equal(same, check);
        assert_true(doctor_symptom(check) && doctor_symptom(check)[0]);
        assert_true(doctor_cause(check) && doctor_cause(check)[0]);
        assert_true(doctor_command(check) && doctor_command(check)[0]);
        assert_true(doctor_anchor(check)[0]);
    }
    enum doctor_check none;
    assert_false(doctor_find_name("", &none));
    assert_false(doctor_find_name("agent", &none));
}

static void a_cause_is_named_and_not_what_follows_from_it(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        enum doctor_check found[4];
        unsigned n;
        const char *names;
    } rows[] = {
        {"nothing", {0}, 0, ""},
        {"alone", {DOCTOR_WEBHOOK_REFUSED}, 1, "webhook-refused"},
        {"no daemon", {DOCTOR_WEBHOOK_REFUSED, DOCTOR_DAEMON_GONE}, 2, "voxkeeperd-not-running"},
        {"wrong port", {DOCTOR_AGENT_WRONG_PORT, DOCTOR_WEBHOOK_REFUSED, DOCTOR_CALLBACK_URL}, 3,
            "agent-wrong-port"},
        {"redis hangs", {DOCTOR_AGENT_SLOW, DOCTOR_REDIS_SILENT}, 2, "redis-silent"},
        {"redis is slow", {DOCTOR_AGENT_SLOW, DOCTOR_REDIS_SLOW}, 2, "redis-slow"},
        {"hangs, as redis does", {DOCTOR_AGENT_HANGS, DOCTOR_REDIS_SILENT}, 2,
            "agent-hangs redis-silent"},
        {"hangs", {DOCTOR_AGENT_HANGS, DOCTOR_WEBHOOK_TIMEOUT, DOCTOR_PUBLIC_UNREACHABLE}, 3,
            "agent-hangs"},
        {"nobody supervises, and it hangs", {DOCTOR_WEBHOOK_TIMEOUT, DOCTOR_CALLBACK_URL}, 2,
            "webhook-timeout"},
        {"off", {DOCTOR_AGENT_DISABLED, DOCTOR_WEBHOOK_DISABLED}, 2, "agent-disabled"},
        {"crash loop", {DOCTOR_AGENT_GONE, DOCTOR_AGENT_LOOP, DOCTOR_AGENT_EXITS}, 3,
            "agent-crash-loop"},
        {"evicted", {DOCTOR_SESSIONS_EVICTED, DOCTOR_SESSIONS_POLICY, DOCTOR_REDIS_MEMORY}, 3,
            "sessions-evicted"},
        {"two of them", {DOCTOR_REDIS_SLOW, DOCTOR_CALLBACK_URL}, 2, "redis-slow callback-url"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct doctor_report r = {0};
        for (unsigned j = 0; j < rows[i].n; j++)
            doctor_add(&r, rows[i].found[j], "", "seen");
        doctor_explain(&r);
        assert_found(&r, rows[i].names, rows[i].row);
    }
}

static void what_is_known_counts_for_nothing(void **state)
{
    (void)state;
    static const char *const known[] = {"redis-slow"};
    struct doctor_report r = {0};
    doctor_add(&r, DOCTOR_REDIS_SLOW, "", "seen");
    doctor_add(&r, DOCTOR_CALLBACK_URL, "x", "seen");
    assert_int_equal(doctor_count(&r, DOCTOR_WARNING), 1);
    doctor_ignore(&r, known, 1);
    assert_int_equal(doctor_count(&r, DOCTOR_WARNING), 0);
    assert_int_equal(doctor_count(&r, DOCTOR_ERROR), 1);
    cJSON *json = doctor_json(&r);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "findings")), 1);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "ignored")), 1);
    cJSON_Delete(json);
}

/* Whether the text between two separators begins with a program. */
static bool begins_with_program(const char *command)
{
    static const char *const programs[] = {"cat", "curl", "df", "free", "getent", "head", "ip",
        "journalctl", "nft", "openssl", "ps", "redis-cli", "ss", "systemctl", "timedatectl",
        "timeout", "voxkeeper", "voxkeeperd"};
    size_t len = strcspn(command, " ;");
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        if (strlen(programs[i]) == len && strncmp(programs[i], command, len) == 0)
            return true;
    }
    return false;
}

static void what_to_type_can_be_pasted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DOCTOR_CHECK_COUNT; i++) {
        const char *all = doctor_command((enum doctor_check)i);
        const char *comment = strstr(all, "  # ");
        const char *end = comment ? comment : all + strlen(all);
        for (const char *at = all; at < end; at += strspn(at, ";&| ")) {
            if (!begins_with_program(at))
                fail_msg("%s: \"%s\" is nothing to type", doctor_name((enum doctor_check)i), at);
            at += strcspn(at, ";&|#");
        }
    }
}

static void a_command_reaches_its_server(void **state)
{
    (void)state;
    struct doctor_report r = {0};
    doctor_add(&r, DOCTOR_REDIS_CLIENTS, "", "seen");
    doctor_add(&r, DOCTOR_REDIS_RIGHTS, "", "seen");
    doctor_fix(&r, "redis-cli ACL SETUSER kim +dump");
    doctor_add(&r, DOCTOR_AGENT_HANGS, "", "seen");
    doctor_address(&r, "redis-cli", "redis-cli -p 7");
    assert_string_equal(r.items[0].command,
        "redis-cli -p 7 CLIENT LIST; redis-cli -p 7 CONFIG SET maxclients 10000");
    assert_string_equal(r.items[1].command, "redis-cli -p 7 ACL SETUSER kim +dump");
    assert_null(strstr(r.items[2].command, "redis"));
}

static void words_from_outside_are_harmless(void **state)
{
    (void)state;
    static struct doctor_report r;
    r = (struct doctor_report){0};
    doctor_add(&r, DOCTOR_REDIS_AUTH, "", "it said %s", "\x1b[2J\nWRONGPASS");
    assert_string_equal(r.items[0].evidence, "it said \\x1b[2J\\nWRONGPASS");
    doctor_fix(&r, "redis-cli %d", 7);
    assert_string_equal(r.items[0].command, "redis-cli 7");
    for (unsigned i = 1; i < DOCTOR_FINDINGS_MAX + 3; i++)
        doctor_add(&r, DOCTOR_REDIS_SLOW, "", "again");
    assert_int_equal(r.n, DOCTOR_FINDINGS_MAX);
    assert_int_equal(r.dropped, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_check_is_whole),
        cmocka_unit_test(a_cause_is_named_and_not_what_follows_from_it),
        cmocka_unit_test(what_is_known_counts_for_nothing),
        cmocka_unit_test(what_to_type_can_be_pasted),
        cmocka_unit_test(a_command_reaches_its_server),
        cmocka_unit_test(words_from_outside_are_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
