/*
 * Replays what is said of one condition in virtual time, and compares what comes of it.
 *
 *     # comment
 *     set hold|clear|settle|quiet SPAN
 *     at TIME raise|note|clear|acknowledge    time passes until TIME, then this is said
 *     at TIME taken-over LEFT                 another instance goes on, with so much of it left
 *     at TIME end
 *     > ...                                   a decision
 *
 * With TRACE_UPDATE=1 in the environment the file is rewritten with the decisions that were made.
 */
#include "core/incidents/incident.h"

#include "base/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct trace {
    struct incident_conf conf;
    struct incident incident;
    usec_t now;
    struct strbuf out;
};

static _Noreturn void refuse(const char *what, const char *value)
{
    fprintf(stderr, "%s: \"%s\"\n", what, value);
    exit(1);
}

static usec_t span(const char *text)
{
    usec_t value = 0;
    if (span_parse(text, &value) != 0)
        refuse("not a time span", text);
    return value;
}

static void step(struct trace *t, enum incident_event_type type, usec_t left)
{
    struct incident_update u = incident_step(
        &t->conf, t->incident, (struct incident_event){.type = type, .now = t->now, .left = left});
    if (u.next.state != t->incident.state)
        strbuf_addf(&t->out, "> %.3f  %s\n", (double)t->now / USEC_PER_SEC,
            incident_state_name(u.next.state));
    for (unsigned n = 0; n < u.n_actions; n++)
        strbuf_addf(&t->out, "> %.3f  %s\n", (double)t->now / USEC_PER_SEC,
            incident_action_name(u.actions[n]));
    t->incident = u.next;
}

static void pass(struct trace *t, usec_t until)
{
    usec_t due;
    while ((due = incident_deadline(t->incident)) <= until) {
        t->now = due > t->now ? due : t->now;
        step(t, INCIDENT_EV_TICK, 0);
        if (incident_deadline(t->incident) == due)
            refuse("stuck in", incident_state_name(t->incident.state));
    }
    t->now = until;
}

static void set(struct trace *t, const char *key, const char *value)
{
    struct {
        const char *key;
        usec_t *span;
    } settings[] = {{"hold", &t->conf.hold}, {"clear", &t->conf.clear}, {"settle", &t->conf.settle},
        {"quiet", &t->conf.quiet}};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (strcmp(settings[i].key, key) == 0) {
            *settings[i].span = span(value);
            return;
        }
    }
    refuse("unknown setting", key);
}

static void say(struct trace *t, const char *what, const char *left)
{
    for (int type = INCIDENT_EV_RAISE; type <= INCIDENT_EV_TICK; type++) {
        if (strcmp(incident_event_name((enum incident_event_type)type), what) == 0) {
            step(t, (enum incident_event_type)type, left[0] ? span(left) : 0);
            return;
        }
    }
    if (strcmp(what, "end") != 0)
        refuse("unknown event", what);
}

static void line(struct trace *t, const char *text)
{
    char words[4][64] = {"", "", "", ""};
    if (text[0] == '>')
        return;
    strbuf_adds(&t->out, text);
    if (text[0] == '#' || text[0] == '\n')
        return;
    sscanf(text, "%63s %63s %63s %63s", words[0], words[1], words[2], words[3]);
    /* What passes until then stands below the line before. */
    size_t len = strlen(text);
    t->out.len -= len;
    t->out.data[t->out.len] = '\0';
    if (strcmp(words[0], "at") == 0)
        pass(t, span(words[1]));
    strbuf_adds(&t->out, text);
    if (strcmp(words[0], "set") == 0)
        set(t, words[1], words[2]);
    else if (strcmp(words[0], "at") == 0)
        say(t, words[2], words[3]);
    else
        refuse("unknown line", text);
}

int main(int argc, char **argv)
{
    struct trace t = {.incident = incident_initial()};
    struct strbuf expected = STRBUF_INIT;
    char text[256];
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!file)
        refuse("usage: trace-incident FILE", argc == 2 ? argv[1] : "");
    while (fgets(text, sizeof text, file)) {
        strbuf_adds(&expected, text);
        line(&t, text);
    }
    fclose(file);
    bool same = strcmp(strbuf_text(&t.out), strbuf_text(&expected)) == 0;
    if (!same && getenv("TRACE_UPDATE")) {
        file = fopen(argv[1], "w");
        if (!file || fputs(strbuf_text(&t.out), file) < 0 || fclose(file) != 0)
            refuse("cannot write", argv[1]);
    } else if (!same) {
        fprintf(stderr, "%s: it went otherwise:\n%s", argv[1], strbuf_text(&t.out));
    }
    bool ok = same || getenv("TRACE_UPDATE");
    strbuf_fini(&t.out);
    strbuf_fini(&expected);
    return ok ? 0 : 1;
}
