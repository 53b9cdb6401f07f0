/* examples/voxkeeper.conf is accepted, shows every key there is, and tells the true defaults. */
#include "config_text.h"

#include "core/config/config_table.h"

#include <stdio.h>
#include <stdlib.h>

static char *example;

/* The text behind `Key=` or `#Key=` in the first such section, which may be a comment as a whole;
 * NULL if there is none. */
static const char *shown(const struct config_key *key, bool *out_default)
{
    char header[64];
    char line[64];
    bool named = config_section_find(key->section)->named;
    snprintf(header, sizeof header, "\n[%s%s", key->section, named ? " " : "]");
    const char *section = strstr(example, header);
    if (!section) {
        snprintf(header, sizeof header, "\n#[%s", key->section);
        section = strstr(example, header);
    }
    const char *end = section ? strstr(section + 1, "\n[") : NULL;
    for (int commented = 0; section && commented <= 1; commented++) {
        snprintf(line, sizeof line, "\n%s%s=", commented ? "#" : "", key->name);
        const char *at = strstr(section, line);
        if (at && (!end || at < end)) {
            *out_default = commented;
            return at + strlen(line);
        }
    }
    return NULL;
}

static void is_accepted(void **state)
{
    (void)state;
    struct config *c = config_must(example);
    assert_int_equal(c->n_probes, 2);
    assert_true(c->drain.wait_sessions);
    config_free(c);
}

static void shows_every_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        bool is_default = false;
        const char *value = shown(key, &is_default);
        if (!value)
            fail_msg("%s= of [%s] is missing", key->name, key->section);
        const char *preset = key->preset ? key->preset : "";
        size_t len = strcspn(value, "\n");
        if (is_default && (len != strlen(preset) || strncmp(value, preset, len) != 0))
            fail_msg("%s= of [%s] is \"%.*s\", the default is \"%s\"", key->name, key->section,
                (int)len, value, preset);
    }
}

static void spells_out_what_is_built_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_n_builtins; i++) {
        char line[128];
        snprintf(line, sizeof line, "\n%s=%s\n", config_builtins[i].key, config_builtins[i].value);
        char header[64];
        snprintf(header, sizeof header, "\n[%s %s]\n", config_builtins[i].section,
            config_builtins[i].name);
        const char *section = strstr(example, header);
        assert_non_null(section);
        assert_non_null(strstr(section, line));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_accepted),
        cmocka_unit_test(shows_every_key),
        cmocka_unit_test(spells_out_what_is_built_in),
    };
    FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
    size_t size = 0;
    if (!f || getdelim(&example, &size, '\0', f) < 0) {
        perror("read the example");
        return 1;
    }
    fclose(f);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(example);
    return failed;
}
