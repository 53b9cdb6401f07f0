/*
 * Which rights voxkeeper lacks in Redis. Behind MULTI a command is checked against our rights and
 * the server's state, and queued; the transaction is never executed, and ends with the connection.
 */
#include "daemon/doctor/doctor_probe.h"

#include "core/doctor/doctor.h"
#include "core/redis_error.h"

#include <stdio.h>
#include <string.h>

static const char canary[] = "__voxkeeper_canary__";
static const char lease_key[] = "voxkeeper:lease:sweep";
static const char no_script[] = "0000000000000000000000000000000000000000";

/* One right: KEY stands for a key of the first keyspace. `any` of one group is enough. */
static const struct need {
    const char *right;
    const char *argv[5];
} needs[] = {
    {"+scan", {"SCAN", "0"}},
    {"+pttl", {"PTTL", "KEY"}},
    {"+dump", {"DUMP", "KEY"}},
    {"+pexpiretime", {"PEXPIRETIME", "KEY"}},
    {"+object|idletime", {"OBJECT", "IDLETIME", "KEY"}},
    {"+memory|usage", {"MEMORY", "USAGE", "KEY"}},
    {"+unlink", {"UNLINK", "KEY"}},
    {"+role", {"ROLE"}},
    {"+time", {"TIME"}},
    {"+dbsize", {"DBSIZE"}},
    {"+evalsha", {"EVALSHA", no_script, "1", "KEY"}},
};
enum { N_NEEDS = sizeof needs / sizeof *needs };

void doctor_rights_missing(struct doctor_probe *p, const char *right)
{
    char *missing = p->out->missing;
    size_t len = strlen(missing);
    if (strstr(missing, right))
        return;
    snprintf(missing + len, sizeof p->out->missing - len, "%s%s", len ? " " : "", right);
}

static bool is_about_keys(const struct redis_value *reply)
{
    char text[256];
    snprintf(text, sizeof text, "%.*s", (int)(reply->len < 250 ? reply->len : 250), reply->str);
    return strstr(text, " key") != NULL;
}

static void note_refusal(struct doctor_probe *p, unsigned index, const struct redis_value *reply)
{
    char pattern[DOCTOR_KEY_MAX + 8];
    if (index < N_NEEDS) {
        if (!is_about_keys(reply))
            doctor_rights_missing(p, needs[index].right);
    } else if (index < N_NEEDS + p->n_keys) {
        const char *key = p->keys[index - N_NEEDS];
        snprintf(pattern, sizeof pattern, "~%.*s*", (int)(strlen(key) - strlen(canary)), key);
        if (is_about_keys(reply))
            doctor_rights_missing(p, pattern);
    } else {
        doctor_rights_missing(
            p, "'(+set +get +watch +pttl +pexpire +unlink ~voxkeeper:lease:sweep)'");
    }
}

static void on_queued(const struct redis_value *reply, void *arg)
{
    struct doctor_asked *a = arg;
    struct doctor_probe *p = a->probe;
    if (!reply || p->over)
        return;
    if (reply->type == REDIS_ERROR) {
        enum redis_error error = redis_error_class(reply->str, reply->len);
        if (error == REDIS_E_NOPERM)
            note_refusal(p, a->index, reply);
        else if (error == REDIS_E_MISCONF || error == REDIS_E_OOM || error == REDIS_E_READONLY)
            snprintf(p->out->write_error, sizeof p->out->write_error, "%.*s",
                (int)(reply->len < 100 ? reply->len : 100), reply->str);
    }
    if (++p->answered == p->n_asked)
        doctor_probe_end(p);
}

static void send_asked(struct doctor_probe *p, unsigned index, int argc, const char *const *argv)
{
    struct doctor_asked *a = &p->asked[p->n_asked];
    *a = (struct doctor_asked){p, index};
    if (redis_conn_send(p->conn, argc, argv, NULL, on_queued, a) == 0)
        p->n_asked++;
}

void doctor_rights_on_multi(const struct redis_value *reply, void *arg)
{
    struct doctor_probe *p = arg;
    if (!reply || p->over)
        return;
    /* Without a transaction nothing may be tried: it would be done. */
    if (reply->type != REDIS_STATUS) {
        doctor_rights_missing(p, "+multi");
        doctor_probe_end(p);
        return;
    }
    for (unsigned i = 0; i < N_NEEDS; i++) {
        const char *argv[5];
        int argc = 0;
        for (; argc < 5 && needs[i].argv[argc]; argc++)
            argv[argc] = strcmp(needs[i].argv[argc], "KEY") == 0 ? p->keys[0] : needs[i].argv[argc];
        send_asked(p, i, argc, argv);
    }
    for (unsigned i = 0; i < p->n_keys; i++)
        send_asked(p, N_NEEDS + i, 2, (const char *const[]){"PTTL", p->keys[i]});
    if (p->lease)
        send_asked(p, N_NEEDS + p->n_keys, 6,
            (const char *const[]){"SET", lease_key, "doctor", "NX", "PX", "1"});
}

void doctor_rights_begin(struct doctor_probe *p, const struct config *c)
{
    p->lease = c->sweep.lease;
    for (unsigned i = 0; i < c->n_keyspaces; i++) {
        const char *pattern = c->keyspaces[i].pattern;
        snprintf(p->keys[p->n_keys++], DOCTOR_KEY_MAX, "%.*s%s", (int)strcspn(pattern, "*"),
            pattern, canary);
    }
    if (p->n_keys == 0)
        snprintf(p->keys[0], DOCTOR_KEY_MAX, "%s", canary);
}
