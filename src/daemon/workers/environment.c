/* The environment of a worker. */
#include "daemon/workers/environment.h"

#include "base/text.h"
#include "io/files/files.h"
#include "io/notify.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Length of the name in "NAME=value"; 0 if it is none that a shell would take. */
static size_t name_length(const char *entry)
{
    size_t len = strcspn(entry, "=");
    if (len == 0 || entry[len] != '=' || isdigit((unsigned char)entry[0]))
        return 0;
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)entry[i]) && entry[i] != '_')
            return 0;
    }
    return len;
}

/* Adds the entry, or replaces the one of the same name. */
static int put(struct strlist *env, const char *entry)
{
    size_t len = strcspn(entry, "=") + 1;
    for (size_t i = 0; i < env->n; i++) {
        if (strncmp(env->items[i], entry, len) != 0)
            continue;
        char *copy = strdup(entry);
        if (!copy)
            return -ENOMEM;
        free(env->items[i]);
        env->items[i] = copy;
        return 0;
    }
    return strlist_add(env, entry);
}

/* Takes one pair of quotes around the value away, in place. */
static void unquote(char *entry)
{
    char *value = strchr(entry, '=') + 1;
    size_t len = strlen(value);
    if (len >= 2 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0]) {
        memmove(value, value + 1, len - 2);
        value[len - 2] = '\0';
    }
}

static int put_lines(struct strlist *env, const char *path, char *text, struct err *e)
{
    unsigned line_no = 0;
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        line_no++;
        line = text_trim(line);
        if (*line == '\0' || *line == '#' || *line == ';')
            continue;
        if (strncmp(line, "export ", 7) == 0)
            line = text_trim(line + 7);
        if (name_length(line) == 0)
            return err_set(e, -EINVAL, "reading %s:%u: this line is not NAME=value", path, line_no);
        unquote(line);
        if (put(env, line) < 0)
            return err_sys(e, -ENOMEM, "reading %s", path);
    }
    return 0;
}

static int put_file(struct strlist *env, const char *entry, struct err *e)
{
    bool optional = entry[0] == '-';
    const char *path = entry + optional;
    char *text = NULL;
    size_t len = 0;
    int r = files_read(path, LIMIT_CONFIG_FILE, &text, &len, e);
    if (r == -ENOENT && optional)
        return 0;
    if (r < 0)
        return r;
    r = strlen(text) == len ? put_lines(env, path, text, e)
                            : err_set(e, -EINVAL, "reading %s: it holds a NUL byte", path);
    free(text);
    return r;
}

char *environment_put(struct strlist *env, const char *name, const char *value)
{
    char *entry = NULL;
    if (asprintf(&entry, "%s=%s", name, value) < 0)
        return NULL;
    int r = put(env, entry);
    size_t len = strlen(name) + 1;
    char *found = NULL;
    for (size_t i = 0; r == 0 && i < env->n; i++) {
        if (strncmp(env->items[i], entry, len) == 0)
            found = env->items[i];
    }
    free(entry);
    return found;
}

static int put_pair(struct strlist *env, const char *name, const char *value)
{
    return environment_put(env, name, value) ? 0 : -ENOMEM;
}

/* Another user's worker must not take our home for its own. An unknown user is told at the spawn.
 */
static int put_user(struct strlist *env, const char *user)
{
    char buf[4096];
    struct passwd pw;
    struct passwd *found = NULL;
    if (!user || getpwnam_r(user, &pw, buf, sizeof buf, &found) != 0 || !found)
        return 0;
    if (put_pair(env, "HOME", pw.pw_dir) < 0 || put_pair(env, "USER", pw.pw_name) < 0 ||
        put_pair(env, "LOGNAME", pw.pw_name) < 0)
        return -ENOMEM;
    return 0;
}

static int put_facts(struct strlist *env, unsigned slot, uint64_t life)
{
    char worker[48];
    char number[48];
    snprintf(worker, sizeof worker, "VOXKEEPER_WORKER=%u", slot + 1);
    snprintf(number, sizeof number, "VOXKEEPER_LIFE=%llu", (unsigned long long)life);
    return put(env, worker) < 0 || put(env, number) < 0 ? -ENOMEM : 0;
}

static int build(const struct config_agent *agent, unsigned slot, uint64_t life,
    struct strlist *env, struct err *e)
{
    for (char **entry = environ; entry && *entry; entry++) {
        if (strchr(*entry, '=') && !notify_owns_variable(*entry) && put(env, *entry) < 0)
            return err_sys(e, -ENOMEM, "building the environment");
    }
    if (put_user(env, agent->user) < 0)
        return err_sys(e, -ENOMEM, "building the environment");
    for (size_t i = 0; i < agent->environment_files.n; i++) {
        int r = put_file(env, agent->environment_files.items[i], e);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < agent->environment.n; i++) {
        if (put(env, agent->environment.items[i]) < 0)
            return err_sys(e, -ENOMEM, "building the environment");
    }
    if (put_facts(env, slot, life) < 0)
        return err_sys(e, -ENOMEM, "building the environment");
    return 0;
}

int environment_build(const struct config_agent *agent, unsigned slot, uint64_t life,
    struct strlist *out, struct err *e)
{
    struct strlist env = {0};
    int r = build(agent, slot, life, &env, e);
    if (r < 0) {
        strlist_fini(&env);
        return r;
    }
    *out = env;
    return 0;
}

const char *environment_same(const struct config_agent *agent)
{
    return agent->environment_files.n > 0
               ? "nothing changed; EnvironmentFile= is read when a worker starts: voxkeeper restart"
               : "nothing changed";
}
