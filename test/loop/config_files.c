/* io/files/config_files: which files are read, in which order, and what is said of those that
 * cannot be.
 */
#include "io/files/config_files.h"

#include "base/strbuf.h"
#include "core/limits.h"

#include "cmocka_all.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree {
    char root[256];
    char file[300], vendor[300], runtime[300];
};

static void make_dir(const struct tree *t, const char *path)
{
    char full[512];
    snprintf(full, sizeof full, "%s/%s", t->root, path);
    assert_int_equal(mkdir(full, 0700), 0);
}

static void put(const struct tree *t, const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof full, "%s/%s", t->root, path);
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
    struct tree *t = calloc(1, sizeof *t);
    const char *tmp = getenv("TMPDIR");
    assert_non_null(t);
    snprintf(t->root, sizeof t->root, "%s/config-files.XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(t->root));
    snprintf(t->file, sizeof t->file, "%s/etc/v.conf", t->root);
    snprintf(t->vendor, sizeof t->vendor, "%s/lib", t->root);
    snprintf(t->runtime, sizeof t->runtime, "%s/run", t->root);
    make_dir(t, "etc");
    *state = t;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    struct tree *t = *state;
    nftw(t->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(t);
    return 0;
}

/* `path=text` of every file, relative to the tree. */
static void reads(const struct tree *t, const char *want)
{
    struct config_files files = {0};
    struct err e = {0};
    struct strbuf seen = STRBUF_INIT;
    if (config_files_read(t->file, t->vendor, t->runtime, &files, &e) < 0)
        fail_msg("%s", e.msg);
    for (size_t i = 0; i < files.n; i++) {
        assert_int_equal(files.sources[i].len, strlen(files.sources[i].text));
        strbuf_addf(
            &seen, "%s=%s\n", files.sources[i].path + strlen(t->root) + 1, files.sources[i].text);
    }
    assert_string_equal(strbuf_text(&seen), want);
    strbuf_fini(&seen);
    config_files_fini(&files);
}

/* `want` is the reason, with %s for the tree. */
static void refuses(const struct tree *t, int code, const char *path, const char *want)
{
    struct config_files files = {0};
    struct err e = {0};
    char reason[ERR_MSG_MAX];
    assert_int_equal(config_files_read(t->file, t->vendor, t->runtime, &files, &e), code);
    snprintf(reason, sizeof reason, "%s configuration \"%s/%s\": %s",
        code == -ENOENT || code == -ELOOP ? "open" : "read", t->root, path, want);
    assert_string_equal(e.msg, reason);
    assert_null(files.sources);
}

static void one_file_is_enough(void **state)
{
    const struct tree *t = *state;
    put(t, "etc/v.conf", "main");
    reads(t, "etc/v.conf=main\n");
}

static void applies_in_order(void **state)
{
    const struct tree *t = *state;
    char link[512];
    make_dir(t, "lib");
    make_dir(t, "lib/v.conf.d");
    make_dir(t, "run");
    make_dir(t, "run/v.conf.d");
    make_dir(t, "etc/v.conf.d");
    put(t, "lib/v.conf", "vendor");
    put(t, "etc/v.conf", "main");
    put(t, "lib/v.conf.d/10-a.conf", "masked by run and etc");
    put(t, "run/v.conf.d/10-a.conf", "masked by etc");
    put(t, "etc/v.conf.d/10-a.conf", "etc");
    put(t, "lib/v.conf.d/20-b.conf", "lib");
    put(t, "run/v.conf.d/15-c.conf", "run");
    put(t, "lib/v.conf.d/15-c.conf", "masked by run");
    put(t, "lib/v.conf.d/30-d.conf", "masked by a link");
    put(t, "etc/v.conf.d/9-last.conf", "bytes decide, not numbers");
    put(t, "etc/v.conf.d/notes.txt", "no");
    put(t, "etc/v.conf.d/.hidden.conf", "no");
    put(t, "etc/v.conf.d/.conf", "no");
    put(t, "etc/v.conf.d/x.conf~", "no");
    snprintf(link, sizeof link, "%s/etc/v.conf.d/30-d.conf", t->root);
    assert_int_equal(symlink("/dev/null", link), 0);
    reads(t, "lib/v.conf=vendor\n"
             "etc/v.conf=main\n"
             "etc/v.conf.d/10-a.conf=etc\n"
             "run/v.conf.d/15-c.conf=run\n"
             "lib/v.conf.d/20-b.conf=lib\n"
             "etc/v.conf.d/30-d.conf=\n"
             "etc/v.conf.d/9-last.conf=bytes decide, not numbers\n");
}

static void tells_why_not(void **state)
{
    const struct tree *t = *state;
    char path[512];
    refuses(t, -ENOENT, "etc/v.conf", "No such file or directory");
    make_dir(t, "etc/v.conf");
    refuses(t, -EISDIR, "etc/v.conf", "Is a directory");
    assert_int_equal(rmdir(t->file), 0);
    /* Nobody writes to it: reading would wait for ever. */
    assert_int_equal(mkfifo(t->file, 0600), 0);
    refuses(t, -EINVAL, "etc/v.conf", "not a regular file");
    assert_int_equal(unlink(t->file), 0);
    assert_int_equal(symlink("v.conf", t->file), 0);
    refuses(t, -ELOOP, "etc/v.conf", "Too many levels of symbolic links");
    assert_int_equal(unlink(t->file), 0);

    put(t, "etc/v.conf", "main");
    make_dir(t, "etc/v.conf.d");
    make_dir(t, "etc/v.conf.d/a.conf");
    refuses(t, -EISDIR, "etc/v.conf.d/a.conf", "Is a directory");
    snprintf(path, sizeof path, "%s/etc/v.conf.d/a.conf", t->root);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("/nowhere", path), 0);
    refuses(t, -ENOENT, "etc/v.conf.d/a.conf", "No such file or directory");
}

static void has_limits(void **state)
{
    const struct tree *t = *state;
    char name[64];
    put(t, "etc/v.conf", "");
    assert_int_equal(truncate(t->file, LIMIT_CONFIG_FILE + 1), 0);
    refuses(t, -EFBIG, "etc/v.conf", "larger than 1048576 bytes");
    put(t, "etc/v.conf", "main");
    make_dir(t, "etc/v.conf.d");
    for (int i = 0; i < LIMIT_CONFIG_FILES; i++) {
        snprintf(name, sizeof name, "etc/v.conf.d/%03d.conf", i);
        put(t, name, "");
    }
    refuses(t, -E2BIG, "etc/v.conf.d/255.conf", "more than 256 files");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_file_is_enough, setup, teardown),
        cmocka_unit_test_setup_teardown(applies_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_why_not, setup, teardown),
        cmocka_unit_test_setup_teardown(has_limits, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
