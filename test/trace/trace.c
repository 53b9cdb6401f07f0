/*
 * Replays a scenario in virtual time and compares every decision with what the file expects.
 *
 *     # comment
 *     set KEY VALUE             before the start; see settings[]
 *     at TIME COMMAND ...       time passes until TIME, then this happens; see commands[]
 *     > ...                     a decision, in the order and at the time it was made
 *
 * The decisions stand below the last line that was carried out before them. With TRACE_UPDATE=1 in
 * the environment the file is rewritten with the decisions that were made.
 */
#include "base/strbuf.h"
#include "lib/world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 8 };

struct trace {
    const char *path;
    unsigned line;
    struct world world;
    struct strbuf out;
};

static _Noreturn void refuse(const struct trace *t, const char *what, const char *value)
{
    fprintf(stderr, "%s:%u: %s: \"%s\"\n", t->path, t->line, what, value);
    exit(1);
}

static void on_log(void *arg, const char *line)
{
    struct trace *t = arg;
    strbuf_addf(&t->out, "> %s\n", line);
}

static void on_broken(void *arg, const char *what)
{
    struct trace *t = arg;
    fputs(strbuf_text(&t->out), stderr);
    refuse(t, "violated", what);
}

static usec_t span(const struct trace *t, const char *text)
{
    usec_t value = 0;
    if (span_parse(text, &value) != 0)
        refuse(t, "not a time span", text);
    return value;
}

static uint64_t number(const struct trace *t, const char *text)
{
    char *end = NULL;
    uint64_t value = strtoull(text, &end, 10);
    if (*text == '\0' || *end != '\0')
        refuse(t, "not a number", text);
    return value;
}

static struct world_slot *slot(struct trace *t, const char *text)
{
    uint64_t i = number(t, text);
    if (i >= LIMIT_WORKERS)
        refuse(t, "no such slot", text);
    return &t->world.slots[i];
}

static void set(struct trace *t, const char *key, const char *value)
{
    struct world *w = &t->world;
    struct {
        const char *key;
        usec_t *span;
        unsigned *number;
    } settings[] = {
        {"workers", NULL, &w->n_workers},
        {"standby", NULL, &w->fleet_conf.standby},
        {"bake", &w->fleet_conf.rollout.bake, NULL},
        {"keep-warm", &w->fleet_conf.rollout.keep_warm, NULL},
        {"canary", NULL, &w->fleet_conf.rollout.canary},
        {"surge", NULL, &w->fleet_conf.rollout.max_surge.n},
        {"worker-drain", &w->fleet_conf.worker.drain_timeout, NULL},
        {"start-timeout", &w->fleet_conf.worker.start_timeout, NULL},
        {"stop-timeout", &w->fleet_conf.worker.stop_timeout, NULL},
        {"loop-after", NULL, &w->fleet_conf.restart.loop_after},
        {"stable-after", &w->fleet_conf.restart.stable_after, NULL},
        {"max-delay", &w->fleet_conf.restart.max_delay, NULL},
        {"interval", &w->fleet_conf.prober.interval, NULL},
        {"linger", &w->drain_conf.linger, NULL},
        {"drain-timeout", &w->drain_conf.timeout, NULL},
        {"count-interval", &w->drain_conf.count_interval, NULL},
    };
    if (strcmp(key, "probes") == 0) {
        w->show_probes = strcmp(value, "shown") == 0;
        return;
    }
    if (strcmp(key, "redis") == 0 && strcmp(value, "unknown") == 0) {
        w->dependency = DEPENDENCY_UNKNOWN;
        return;
    }
    if (strcmp(key, "overlap") == 0) {
        w->fleet_conf.overlap = strcmp(value, "yes") == 0;
        return;
    }
    if (strcmp(key, "on-failure") == 0) {
        w->fleet_conf.rollout.hold = strcmp(value, "hold") == 0;
        return;
    }
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (strcmp(settings[i].key, key) != 0)
            continue;
        if (settings[i].span)
            *settings[i].span = span(t, value);
        else
            *settings[i].number = (unsigned)number(t, value);
        return;
    }
    refuse(t, "unknown setting", key);
}

static enum probe_outcome outcome(const struct trace *t, const char *text)
{
    static const enum probe_outcome all[] = {
        PROBE_PASS, PROBE_FAIL, PROBE_HUNG, PROBE_DEPENDENCY, PROBE_PROVIDER};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(probe_outcome_name(all[i]), text) == 0)
            return all[i];
    }
    refuse(t, "unknown outcome", text);
}

static void cmd_start(struct trace *t, char **args)
{
    (void)args;
    world_fleet(&t->world,
        (struct fleet_event){.type = FLEET_EV_DEPENDENCY, .dependency = t->world.dependency});
    world_fleet(
        &t->world, (struct fleet_event){.type = FLEET_EV_RESIZE, .n_workers = t->world.n_workers});
}

static void cmd_resize(struct trace *t, char **args)
{
    t->world.n_workers = (unsigned)number(t, args[0]);
    world_fleet(
        &t->world, (struct fleet_event){.type = FLEET_EV_RESIZE, .n_workers = t->world.n_workers});
}

/* `scale N OPERATION` */
static void cmd_scale(struct trace *t, char **args)
{
    world_fleet(&t->world, (struct fleet_event){.type = FLEET_EV_SCALE,
                               .n_workers = (unsigned)number(t, args[0]),
                               .operation = number(t, args[1])});
}

static void cmd_redis(struct trace *t, char **args)
{
    bool up = strcmp(args[0], "up") == 0;
    if (!up && strcmp(args[0], "down") != 0)
        refuse(t, "neither up nor down", args[0]);
    world_dependency(&t->world, up ? DEPENDENCY_UP : DEPENDENCY_DOWN);
}

static void cmd_crash(struct trace *t, char **args)
{
    struct exit_status how = {.known = true, .code = (int)number(t, args[1])};
    slot(t, args[0]);
    if (!world_crash(&t->world, (unsigned)number(t, args[0]), how))
        refuse(t, "no process runs in slot", args[0]);
}

static void cmd_oom(struct trace *t, char **args)
{
    struct exit_status how = {.known = true, .signaled = true, .oom = true, .code = 9};
    slot(t, args[0]);
    if (!world_crash(&t->world, (unsigned)number(t, args[0]), how))
        refuse(t, "no process runs in slot", args[0]);
}

/* `notify SLOT LINE`, as in a datagram of sd_notify(). */
static void cmd_notify(struct trace *t, char **args)
{
    struct notify_message m;
    slot(t, args[0]);
    if (!notify_message_parse(args[1], strlen(args[1]), &m))
        refuse(t, "not understood", args[1]);
    if (!world_notify(&t->world, (unsigned)number(t, args[0]), m.wish))
        refuse(t, "no process runs in slot", args[0]);
}

/* What the present process answers from now on. */
static void cmd_health(struct trace *t, char **args)
{
    slot(t, args[0])->now.health = outcome(t, args[1]);
}

/* How lives go that begin from now on; `lives 0 KEY VALUE`. */
static void cmd_lives(struct trace *t, char **args)
{
    struct behaviour *b = &slot(t, args[0])->next;
    const char *key = args[1];
    bool yes = strcmp(args[2], "yes") == 0;
    if (strcmp(key, "exec-fails") == 0)
        b->exec_fails = yes;
    else if (strcmp(key, "exec-takes") == 0)
        b->exec_takes = span(t, args[2]);
    else if (strcmp(key, "ready-after") == 0)
        b->ready_after = span(t, args[2]);
    else if (strcmp(key, "callers-stay") == 0)
        b->callers_stay = span(t, args[2]);
    else if (strcmp(key, "crash-after") == 0)
        b->crash_after = span(t, args[2]);
    else if (strcmp(key, "health") == 0)
        b->health = outcome(t, args[2]);
    else if (strcmp(key, "zombie") == 0)
        b->zombie = yes;
    else if (strcmp(key, "ignores-stop") == 0)
        b->ignores_stop = yes;
    else if (strcmp(key, "ignores-abort") == 0)
        b->ignores_abort = yes;
    else if (strcmp(key, "tree-takes") == 0)
        b->tree_takes = span(t, args[2]);
    else
        refuse(t, "unknown behaviour", key);
}

static void cmd_callers(struct trace *t, char **args)
{
    struct callers *c = &t->world.callers;
    c->connections.known = strcmp(args[0], "?") != 0;
    c->connections.n = c->connections.known ? number(t, args[0]) : 0;
    c->tasks.known = strcmp(args[1], "?") != 0;
    c->tasks.n = c->tasks.known ? number(t, args[1]) : 0;
    c->sessions.known = strcmp(args[2], "?") != 0;
    c->sessions.n = c->sessions.known ? number(t, args[2]) : 0;
}

/* So many callers has the slot's present process; `holds SLOT N`. */
static void cmd_holds(struct trace *t, char **args)
{
    slot(t, args[0])->callers = (unsigned)number(t, args[1]);
}

static void cmd_restart(struct trace *t, char **args)
{
    world_fleet(
        &t->world, (struct fleet_event){.type = FLEET_EV_RESTART, .operation = number(t, args[0])});
}

static void cmd_cancel(struct trace *t, char **args)
{
    world_fleet(
        &t->world, (struct fleet_event){.type = FLEET_EV_CANCEL, .operation = number(t, args[0])});
}

static void cmd_promote(struct trace *t, char **args)
{
    world_fleet(
        &t->world, (struct fleet_event){.type = FLEET_EV_PROMOTE, .operation = number(t, args[0])});
}

/* The shell saw errors of the slot's present life that its probes do not show. */
static void cmd_errors(struct trace *t, char **args)
{
    world_fleet(&t->world, (struct fleet_event){.type = FLEET_EV_ERRORS,
                               .slot = (unsigned)number(t, args[0]),
                               .life = slot(t, args[0])->life});
}

static void cmd_provider(struct trace *t, char **args)
{
    bool up = strcmp(args[0], "up") == 0;
    if (!up && strcmp(args[0], "down") != 0)
        refuse(t, "neither up nor down", args[0]);
    world_provider(&t->world, !up);
}

static void cmd_kill(struct trace *t, char **args)
{
    (void)args;
    world_fleet(&t->world, (struct fleet_event){.type = FLEET_EV_KILL});
}

static void cmd_stalled(struct trace *t, char **args)
{
    (void)args;
    world_fleet(&t->world, (struct fleet_event){.type = FLEET_EV_STALLED});
}

/* Nothing of ours runs for a while: what is due meanwhile is found afterwards, all at once. */
static void cmd_suspend(struct trace *t, char **args)
{
    t->world.now = usec_add(t->world.now, span(t, args[0]));
    world_fleet(&t->world, (struct fleet_event){.type = FLEET_EV_STALLED});
}

static void cmd_drain(struct trace *t, char **args)
{
    (void)args;
    world_drain(&t->world, (struct drain_event){.type = DRAIN_EV_BEGIN});
}

static void cmd_sigterm(struct trace *t, char **args)
{
    (void)args;
    bool first = t->world.drain.state == DRAIN_OPEN || !t->world.drain.stop_daemon;
    world_drain(&t->world,
        (struct drain_event){.type = first ? DRAIN_EV_BEGIN : DRAIN_EV_HURRY, .stop_daemon = true});
}

static void cmd_resume(struct trace *t, char **args)
{
    (void)args;
    world_drain(&t->world, (struct drain_event){.type = DRAIN_EV_RESUME});
}

static void cmd_end(struct trace *t, char **args)
{
    (void)t;
    (void)args;
}

static const struct command {
    const char *name;
    unsigned n_args;
    void (*run)(struct trace *t, char **args);
} commands[] = {
    {"start", 0, cmd_start}, {"resize", 1, cmd_resize}, {"scale", 2, cmd_scale},
    {"redis", 1, cmd_redis}, {"crash", 2, cmd_crash}, {"oom", 1, cmd_oom},
    {"health", 2, cmd_health}, {"lives", 3, cmd_lives}, {"callers", 3, cmd_callers},
    {"holds", 2, cmd_holds}, {"restart", 1, cmd_restart}, {"cancel", 1, cmd_cancel},
    {"promote", 1, cmd_promote}, {"errors", 1, cmd_errors}, {"provider", 1, cmd_provider},
    {"kill", 0, cmd_kill}, {"stalled", 0, cmd_stalled}, {"suspend", 1, cmd_suspend},
    {"drain", 0, cmd_drain}, {"sigterm", 0, cmd_sigterm}, {"resume", 0, cmd_resume},
    {"notify", 2, cmd_notify}, {"end", 0, cmd_end}, /* only lets time pass */
};

static unsigned split(struct trace *t, char *line, char *words[WORDS_MAX])
{
    unsigned n = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (n == WORDS_MAX)
            refuse(t, "too many words", word);
        words[n++] = word;
    }
    return n;
}

static const struct command *find_command(const struct trace *t, const char *name, unsigned n_args)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0 && commands[i].n_args == n_args)
            return &commands[i];
    }
    refuse(t, "unknown command, or not its number of words", name);
}

/* Repeats the line in the output, after what happened before it and before what it causes. */
static void replay(struct trace *t, const char *line)
{
    if (line[0] == '#') {
        strbuf_addf(&t->out, "%s\n", line);
        return;
    }
    char *words[WORDS_MAX] = {0};
    char *copy = strdup(line);
    unsigned n = split(t, copy, words);
    if (n >= 3 && strcmp(words[0], "at") == 0) {
        const struct command *command = find_command(t, words[2], n - 3);
        usec_t at = span(t, words[1]);
        if (at < t->world.now)
            refuse(t, "goes back in time", words[1]);
        world_run(&t->world, at);
        strbuf_addf(&t->out, "%s\n", line);
        command->run(t, words + 3);
    } else {
        strbuf_addf(&t->out, "%s\n", line);
        if (n == 3 && strcmp(words[0], "set") == 0)
            set(t, words[1], words[2]);
        else if (n > 0)
            refuse(t, "neither set, at, # nor >", line);
    }
    free(copy);
}

static void read_file(const char *path, struct strbuf *out)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        fprintf(stderr, "open %s: %s\n", path, strerror(errno));
        exit(1);
    }
    char buf[4096];
    for (size_t n = fread(buf, 1, sizeof buf, f); n > 0; n = fread(buf, 1, sizeof buf, f))
        strbuf_add(out, buf, n);
    fclose(f);
}

static void show_difference(const char *path, const char *actual)
{
    struct strbuf command = STRBUF_INIT;
    strbuf_addf(&command, "diff -u --label expected --label actual '%s' - >&2", path);
    FILE *diff = popen(strbuf_text(&command), "we");
    if (diff) {
        fputs(actual, diff);
        pclose(diff);
    }
    strbuf_fini(&command);
}

static void rewrite(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0) {
        fprintf(stderr, "write %s: %s\n", path, strerror(errno));
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static struct trace t;
    if (argc != 2) {
        fprintf(stderr, "usage: trace FILE\n");
        return 2;
    }
    t.path = argv[1];
    world_init(&t.world);
    t.world.log = on_log;
    t.world.log_arg = &t;
    t.world.broken = on_broken;
    struct strbuf expected = STRBUF_INIT;
    read_file(t.path, &expected);
    char *copy = strdup(strbuf_text(&expected));
    for (char *line = copy, *next; *line; line = next) {
        char *end = strchrnul(line, '\n');
        next = *end ? end + 1 : end;
        *end = '\0';
        t.line++;
        if (line[0] != '>')
            replay(&t, line);
    }
    bool same = strcmp(strbuf_text(&expected), strbuf_text(&t.out)) == 0;
    if (!same && getenv("TRACE_UPDATE"))
        rewrite(t.path, strbuf_text(&t.out));
    else if (!same)
        show_difference(t.path, strbuf_text(&t.out));
    free(copy);
    strbuf_fini(&expected);
    strbuf_fini(&t.out);
    return same || getenv("TRACE_UPDATE") ? 0 : 1;
}
