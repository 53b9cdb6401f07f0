/* Values: out of files, out of workers, into workers. */
#include "daemon/credentials/credentials_parts.h"

#include "daemon/daemon.h"
#include "daemon/succession/memory.h"
#include "io/child/procinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for what may stand around the value. */
enum { FILE_MAX = LIMIT_SECRET + 256 };

static int path_of(const struct config_credential *conf, char out[4096], struct err *e)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    if (conf->file[0] == '/')
        snprintf(out, 4096, "%s", conf->file);
    else if (directory)
        snprintf(out, 4096, "%s/%s", directory, conf->file);
    else
        return err_set(e, -ENOENT,
            "reading \"%s\": there is no $CREDENTIALS_DIRECTORY; the unit has no LoadCredential= "
            "for it",
            conf->file);
    return 0;
}

/* In JSON a break between two members is a blank like any other, and none stands in a text. */
static void join_lines(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] && strchr("\t\r\n", text[i]))
            text[i] = ' ';
    }
}

/* `text` ends where its last blank begins. */
static int take_line(const char *path, char *text, size_t len, struct err *e)
{
    while (len > 0 && strchr(" \t\r\n", text[len - 1]))
        text[--len] = '\0';
    if (len == 0)
        return err_set(e, -ENODATA, "reading \"%s\": it is empty", path);
    if (len > LIMIT_SECRET)
        return err_set(e, -EFBIG, "reading \"%s\": its value is longer than %d bytes", path,
            (int)LIMIT_SECRET);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            return err_set(e, -EINVAL, "reading \"%s\": it holds more than one line", path);
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return err_set(
                e, -EINVAL, "reading \"%s\": byte %zu is a control character", path, i + 1);
    }
    return 0;
}

int credential_read(const struct config_credential *conf, char out[LIMIT_SECRET + 1], struct err *e)
{
    char path[4096];
    char *text = NULL;
    size_t len = 0;
    int r = path_of(conf, path, e);
    if (r < 0)
        return r;
    r = files_read(path, FILE_MAX, &text, &len, e);
    if (r < 0)
        return r;
    if (provider_form(conf->provider, text) == PROVIDER_FORM_ACCOUNT)
        join_lines(text, len);
    r = take_line(path, text, len, e);
    if (r == 0)
        snprintf(out, LIMIT_SECRET + 1, "%s", text);
    explicit_bzero(text, len);
    free(text);
    return r;
}

struct file_stamp credential_stamp(const struct config_credential *conf)
{
    char path[4096];
    return path_of(conf, path, NULL) < 0 ? (struct file_stamp){0} : files_stamp(path);
}

void credential_fingerprint(const struct credentials *c, const char *value, char out[DIGEST_TEXT])
{
    digest_keyed(c->key, strlen(c->key), value, strlen(value), out);
}

bool credential_recover(
    struct credentials *c, const char *variable, const char *fingerprint, char *out)
{
    const struct former *former = memory_former(c->daemon->memory);
    for (unsigned i = 0; former && fingerprint[0] && i < LIMIT_WORKERS; i++) {
        const struct saved_process *p = &former->saved.processes[i];
        char found[DIGEST_TEXT];
        uint64_t start_time = 0;
        if (p->pid == 0 || procinfo_start_time((pid_t)p->pid, &start_time) < 0 ||
            start_time != p->start_time ||
            procinfo_variable((pid_t)p->pid, variable, out, LIMIT_SECRET + 1) < 0)
            continue;
        credential_fingerprint(c, out, found);
        if (strcmp(found, fingerprint) == 0)
            return true;
    }
    explicit_bzero(out, LIMIT_SECRET + 1);
    return false;
}

static const char *value_for(const struct credential *one, uint64_t generation)
{
    bool newer = one->record.next.fingerprint[0] && generation >= one->record.from;
    return newer ? one->secrets->next : one->secrets->used;
}

/* One allocation, of the right size at once: growing would leave copies behind. */
static int put_one(struct strlist *env, const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 2;
    char *entry = malloc(size);
    if (!entry)
        return -ENOMEM;
    snprintf(entry, size, "%s=%s", name, value);
    int r = strlist_add(env, entry);
    explicit_bzero(entry, size);
    free(entry);
    return r;
}

static void remove_one(struct strlist *env, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = env->n; i > 0; i--) {
        char *entry = env->items[i - 1];
        if (strncmp(entry, name, len) != 0 || entry[len] != '=')
            continue;
        explicit_bzero(entry, strlen(entry));
        free(entry);
        memmove(&env->items[i - 1], &env->items[i], (env->n - i + 1) * sizeof *env->items);
        env->n--;
    }
}

int credentials_put(const struct credentials *c, const struct config *config, uint64_t generation,
    struct strlist *env, struct err *e)
{
    for (unsigned i = 0; i < config->n_credentials; i++) {
        const struct config_credential *conf = &config->credentials[i];
        const struct credential *one =
            c && conf->environment ? credentials_find((struct credentials *)c, conf->name) : NULL;
        const char *value = one ? value_for(one, generation) : "";
        if (!conf->environment)
            continue;
        if (!value[0])
            return err_set(e, -ENOENT, "no value of credential %s for %s: %s", conf->name,
                conf->environment, one ? one->trouble : "it is not known");
        remove_one(env, conf->environment);
        if (put_one(env, conf->environment, value) < 0)
            return err_sys(e, -ENOMEM, "building the environment");
    }
    return 0;
}

void credentials_wipe(const struct config *config, struct strlist *env)
{
    for (unsigned i = 0; i < config->n_credentials; i++) {
        if (config->credentials[i].environment)
            remove_one(env, config->credentials[i].environment);
    }
}
