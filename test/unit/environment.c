/* daemon/workers/environment: whose word wins, what files may say, and what workers must not
 * inherit. */
#include "daemon/workers/environment.h"

#include "cmocka_all.h"
#include "lib/scratch.h"

#include <errno.h>

static struct scratch scratch;
static struct config_agent agent;
static struct strlist env;
static struct err e;

static int set_up(void **state)
{
    (void)state;
    scratch_init(&scratch);
    agent = (struct config_agent){0};
    env = (struct strlist){0};
    e = (struct err){0};
    clearenv();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    strlist_fini(&agent.environment);
    strlist_fini(&agent.environment_files);
    strlist_fini(&env);
    scratch_fini(&scratch);
    return 0;
}

static int build(void)
{
    strlist_fini(&env);
    return environment_build(&agent, 1, 42, &env, &e);
}

static void set(const char *entry)
{
    assert_int_equal(strlist_add(&agent.environment, entry), 0);
}

/* The value of the only entry of that name. */
static const char *value(const char *name)
{
    const char *found = NULL;
    size_t len = strlen(name);
    for (size_t i = 0; i < env.n; i++) {
        if (strncmp(env.items[i], name, len) != 0 || env.items[i][len] != '=')
            continue;
        assert_null(found);
        found = env.items[i] + len + 1;
    }
    return found ? found : "(unset)";
}

static void a_file(const char *name, const char *text)
{
    const char *path = scratch_write(&scratch, name, text);
    assert_int_equal(strlist_add(&agent.environment_files, path), 0);
}

static void the_facts_are_there(void **state)
{
    (void)state;
    set("VOXKEEPER_WORKER=forged");
    assert_int_equal(build(), 0);
    assert_int_equal(env.n, 2);
    assert_string_equal(value("VOXKEEPER_WORKER"), "2"); /* people count from one */
    assert_string_equal(value("VOXKEEPER_LIFE"), "42");
    assert_null(env.items[env.n]);
}

static void later_words_win(void **state)
{
    (void)state;
    setenv("A", "ours", 1);
    setenv("B", "ours", 1);
    setenv("C", "ours", 1);
    setenv("D", "ours", 1);
    setenv("BB", "not the same name", 1);
    a_file("first", "B=first\nC=first\nD=first\n");
    a_file("second", "C=second\nD=second\n");
    set("D=setting");
    set("D=last");
    assert_int_equal(build(), 0);
    assert_string_equal(value("A"), "ours");
    assert_string_equal(value("B"), "first");
    assert_string_equal(value("BB"), "not the same name");
    assert_string_equal(value("C"), "second");
    assert_string_equal(value("D"), "last");
}

static void what_files_may_say(void **state)
{
    (void)state;
    a_file("f", "# comment\n"
                "; comment\n"
                "\n"
                "   \t \n"
                "PLAIN=a b\n"
                "  SPACED=x  \n"
                "DOUBLE=\"a b \"\n"
                "SINGLE=' a'\n"
                "INNER=a\"b\"c\n"
                "MIXED=\"a'\n"
                "LONE=\"\n"
                "NONE=\n"
                "QUOTED_NONE=\"\"\n"
                "export EXPORTED=yes\n"
                "WINDOWS=x\r\n"
                "EQUALS=a=b=c\n"
                "HASH=a#b\n"
                "_1=under\n"
                "LAST=no line end");
    assert_int_equal(build(), 0);
    assert_string_equal(value("PLAIN"), "a b");
    assert_string_equal(value("SPACED"), "x");
    assert_string_equal(value("DOUBLE"), "a b ");
    assert_string_equal(value("SINGLE"), " a");
    assert_string_equal(value("INNER"), "a\"b\"c");
    assert_string_equal(value("MIXED"), "\"a'");
    assert_string_equal(value("LONE"), "\"");
    assert_string_equal(value("NONE"), "");
    assert_string_equal(value("QUOTED_NONE"), "");
    assert_string_equal(value("EXPORTED"), "yes");
    assert_string_equal(value("WINDOWS"), "x");
    assert_string_equal(value("EQUALS"), "a=b=c");
    assert_string_equal(value("HASH"), "a#b");
    assert_string_equal(value("_1"), "under");
    assert_string_equal(value("LAST"), "no line end");
}

static void a_bad_line_is_named(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "noequals", "=value", "1A=x", "A B=x", "A-B=x", "export", "é=x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char content[64];
        char said[256];
        snprintf(content, sizeof content, "GOOD=1\n\n%s\n", bad[i]);
        strlist_fini(&agent.environment_files);
        a_file("bad", content);
        /* Not quoted: it may be half of a secret. */
        snprintf(said, sizeof said, "reading %s:3: this line is not NAME=value",
            scratch_path(&scratch, "bad"));
        assert_int_equal(build(), -EINVAL);
        assert_string_equal(e.msg, said);
        assert_null(env.items); /* nothing was written */
    }
}

static void a_nul_byte_is_refused(void **state)
{
    (void)state;
    const char *path = scratch_write_bytes(&scratch, "nul", "A=1\n\0B=2\n", 9);
    assert_int_equal(strlist_add(&agent.environment_files, path), 0);
    assert_int_equal(build(), -EINVAL);
    assert_non_null(strstr(e.msg, "it holds a NUL byte"));
}

static void a_missing_file_must_be_allowed(void **state)
{
    (void)state;
    char entry[200];
    snprintf(entry, sizeof entry, "-%s", scratch_path(&scratch, "none"));
    assert_int_equal(strlist_add(&agent.environment_files, entry), 0);
    assert_int_equal(build(), 0);
    /* Only its absence is forgiven, not what it says. */
    scratch_write(&scratch, "none", "broken\n");
    assert_int_equal(build(), -EINVAL);
    strlist_fini(&agent.environment_files);
    assert_int_equal(strlist_add(&agent.environment_files, scratch_path(&scratch, "absent")), 0);
    assert_int_equal(build(), -ENOENT);
    assert_non_null(strstr(e.msg, "absent"));
}

static void the_service_managers_word_is_ours_alone(void **state)
{
    (void)state;
    setenv("NOTIFY_SOCKET", "/run/systemd/notify", 1);
    setenv("WATCHDOG_USEC", "1", 1);
    setenv("LISTEN_FDS", "1", 1);
    setenv("PATH", "/bin", 1);
    assert_int_equal(build(), 0);
    assert_string_equal(value("NOTIFY_SOCKET"), "(unset)");
    assert_string_equal(value("WATCHDOG_USEC"), "(unset)");
    assert_string_equal(value("LISTEN_FDS"), "(unset)");
    assert_string_equal(value("PATH"), "/bin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(the_facts_are_there),
        T(later_words_win),
        T(what_files_may_say),
        T(a_bad_line_is_named),
        T(a_nul_byte_is_refused),
        T(a_missing_file_must_be_allowed),
        T(the_service_managers_word_is_ours_alone),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
