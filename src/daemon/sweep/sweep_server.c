/* Who answers: asked before the first step, and again after the connection was lost. */
#include "daemon/sweep/sweep_server.h"

#include "daemon/sweep/sweep_pass.h"
#include "io/redis/redis_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVER_ROLE, SERVER_INFO, SERVER_SIZE, SERVER_ASKED };

/* The line's value; NULL: there is none. */
static const char *info_value(const struct redis_value *info, const char *field)
{
    const char *at = info->type == REDIS_STRING ? strstr(info->str, field) : NULL;
    return at ? at + strlen(field) : NULL;
}

/* PEXPIRETIME came with 7.0; Valkey tells a Redis version of 7 and more as well. */
static void take_version(struct sweep_pass *p, const struct redis_value *info)
{
    const char *version = info_value(info, "redis_version:");
    p->has_expire = version && strtol(version, NULL, 10) >= 7;
    if (version)
        snprintf(p->server_version, sizeof p->server_version, "%.*s", (int)strcspn(version, "\r\n"),
            version);
}

/* A process of Redis hashes keys by its own seed: a cursor of another one means nothing to it. */
static void compare_run(struct sweep_pass *p, const struct redis_value *info)
{
    char run[sizeof p->run] = "";
    const char *id = info_value(info, "run_id:");
    if (id)
        snprintf(run, sizeof run, "%.*s", (int)strcspn(id, "\r\n"), id);
    p->same_run = run[0] && strcmp(run, p->run) == 0;
    snprintf(p->run, sizeof p->run, "%s", run);
}

static void check_role(struct sweep_pass *p, const struct redis_value *reply)
{
    struct redis_value role = redis_value_at(reply, 0);
    /* Not permitted to ask: then whatever removes finds out by itself. */
    if (role.type != REDIS_STRING || strcmp(role.str, "master") == 0)
        return;
    p->may_remove = false;
    if (p->summary.dry_run || p->summary.census_only)
        return;
    sweep_pass_react(p, SWEEP_REACT_END, REDIS_E_READONLY,
        "READONLY this server is a replica, from which nothing is removed");
}

static void on_reply(size_t index, const struct redis_value *reply, void *arg)
{
    struct sweep_pass *p = arg;
    if (index == SERVER_ROLE) {
        check_role(p, reply);
        return;
    }
    if (index == SERVER_SIZE) {
        /* For the progress only: nobody has to permit it. */
        p->total_known = reply->type == REDIS_INTEGER && reply->integer >= 0;
        p->total = p->total_known ? (uint64_t)reply->integer : 0;
        return;
    }
    take_version(p, reply);
    compare_run(p, reply);
}

static void on_done(bool lost, void *arg)
{
    struct sweep_pass *p = arg;
    p->prologue = NULL;
    if (lost)
        sweep_pass_react(
            p, sweep_react_scan(REDIS_E_LOST), REDIS_E_LOST, redis_batch_lost_text(p->link));
    sweep_pass_known(p);
}

void sweep_server_ask(struct sweep_pass *p)
{
    p->connects = redis_link_connects(p->link);
    p->prologue = redis_batch_new(p->link, SERVER_ASKED, on_reply, on_done, p);
    redis_batch_add(p->prologue, SERVER_ROLE, 1, (const char *const[]){"ROLE"}, NULL);
    redis_batch_add(p->prologue, SERVER_INFO, 2, (const char *const[]){"INFO", "server"}, NULL);
    redis_batch_add(p->prologue, SERVER_SIZE, 1, (const char *const[]){"DBSIZE"}, NULL);
    redis_batch_end(p->prologue);
}
