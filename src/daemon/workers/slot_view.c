/* What others want to know of a slot. */
#include "daemon/workers/slot_parts.h"

#include "io/sockets/sock_diag.h"

size_t slot_connections(const struct slot *s, const struct sock_connections *connections)
{
    size_t n = 0;
    for (size_t i = 0; i < connections->n; i++)
        n += s->pid != 0 && connections->items[i].owner == s->pid;
    return n;
}

size_t slot_pick_connections(const struct slot *s, struct sock_connections *connections)
{
    size_t n = 0;
    for (size_t i = 0; i < connections->n; i++) {
        if (s->pid != 0 && connections->items[i].owner == s->pid)
            connections->items[n++] = connections->items[i];
    }
    return connections->n = n;
}

const struct said *slot_said(const struct slot *s)
{
    return s->said;
}

pid_t slot_pid(const struct slot *s)
{
    return s->pid;
}

uint64_t slot_life(const struct slot *s)
{
    return s->life;
}

uint64_t slot_generation(const struct slot *s)
{
    return s->generation;
}

const char *slot_release(const struct slot *s)
{
    return s->release;
}

const char *slot_spawn_error(const struct slot *s)
{
    return s->spawn_error.msg;
}

const char *slot_evidence(const struct slot *s)
{
    return strbuf_text(&s->evidence);
}

unsigned slot_leftovers(const struct slot *s)
{
    return s->child ? child_leftovers(s->child) : 0;
}

enum probe_outcome slot_probe_outcome(const struct slot *s)
{
    return s->probe.outcome;
}

const char *slot_probe_reason(const struct slot *s)
{
    return s->probe.reason;
}

const char *slot_probe_body(const struct slot *s)
{
    return strbuf_text(&s->probe.body);
}

usec_t slot_probe_took(const struct slot *s)
{
    return s->probe.took;
}

void slot_last_lines(const struct slot *s, struct strbuf *out)
{
    if (s->output)
        output_last_lines(s->output, out);
}

uint64_t slot_lines(const struct slot *s)
{
    return s->output ? output_lines(s->output) : 0;
}

uint64_t slot_lines_dropped(const struct slot *s)
{
    return s->output ? output_dropped(s->output) : 0;
}

uint64_t slot_errors(const struct slot *s)
{
    return s->output ? output_errors(s->output)->total : 0;
}

struct error_rate slot_error_rate(const struct slot *s, usec_t now)
{
    return s->output ? error_meter_rate(output_errors(s->output), now) : (struct error_rate){0};
}
