/* daemon/workers/load: a configuration, or every complaint about it. */
#include "daemon/workers/load.h"

#include "cmocka_all.h"
#include "lib/scratch.h"

#include <errno.h>

static struct scratch s;

static int set_up(void **state)
{
    (void)state;
    scratch_init(&s);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_fini(&s);
    return 0;
}

static void a_good_one_is_read_with_its_drop_ins(void **state)
{
    (void)state;
    struct config *config = NULL;
    struct strbuf complaints = STRBUF_INIT;
    const char *path = scratch_write(&s, "v.conf",
        "[Agent]\nExecStart=/bin/true\nWorkers=1\n[Health]\nUrl=http://127.0.0.1:1/\n");
    assert_int_equal(mkdir(scratch_path(&s, "v.conf.d"), 0755), 0);
    scratch_write(&s, "v.conf.d/10-more.conf", "[Agent]\nWorkers=3\n");
    load_config(path, &config, &complaints);
    assert_string_equal(strbuf_text(&complaints), "");
    assert_non_null(config);
    assert_int_equal(config->agent.workers, 3);
    config_free(config);
}

static void every_complaint_is_a_line(void **state)
{
    (void)state;
    struct config *config = NULL;
    struct strbuf complaints = STRBUF_INIT;
    char expected[512];
    const char *path =
        scratch_write(&s, "v.conf", "[Agent]\nExecStart=/bin/true\nWorkerz=1\nWorkers=many\n");
    assert_int_equal(load_config(path, &config, &complaints), -EINVAL);
    assert_null(config);
    snprintf(expected, sizeof expected, "%s:3: ", path);
    assert_int_equal(strncmp(strbuf_text(&complaints), expected, strlen(expected)), 0);
    snprintf(expected, sizeof expected, "\n%s:4: ", path);
    assert_non_null(strstr(strbuf_text(&complaints), expected));
    assert_int_equal(complaints.data[complaints.len - 1], '\n');
    strbuf_fini(&complaints);
}

static void a_missing_one_is_said_so(void **state)
{
    (void)state;
    struct config *config = NULL;
    struct strbuf complaints = STRBUF_INIT;
    assert_int_equal(load_config(scratch_path(&s, "none"), &config, &complaints), -ENOENT);
    assert_null(config);
    assert_non_null(strstr(strbuf_text(&complaints), "/none"));
    assert_non_null(strstr(strbuf_text(&complaints), "No such file or directory\n"));
    strbuf_fini(&complaints);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(a_good_one_is_read_with_its_drop_ins),
        T(every_complaint_is_a_line),
        T(a_missing_one_is_said_so),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
