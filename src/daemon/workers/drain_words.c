/* A drain in words. */
#include "daemon/workers/drain_words.h"

void drain_words_count(uint64_t n, struct strbuf *out)
{
    strbuf_addf(out, "%llu caller%s", (unsigned long long)n, n == 1 ? "" : "s");
}

void drain_words_waiting(const struct drain *drain, usec_t now, struct strbuf *out)
{
    char text[SPAN_TEXT_MAX];
    usec_t left = usec_sub(drain->deadline, now) / USEC_PER_SEC * USEC_PER_SEC;
    drain_words_count(drain->waiting_for, out);
    if (drain->deadline == USEC_INFINITY)
        strbuf_adds(out, ", no time limit");
    else
        strbuf_addf(out, ", %s left", left == 0 ? "no time" : span_format(left, text));
}

void drain_words_kinds(
    const struct drain_conf *conf, const struct callers *callers, struct strbuf *out)
{
    const struct {
        bool waited_for;
        bool known;
        uint64_t n;
        const char *name;
    } kinds[] = {
        {conf->wait_connections, callers->connections.known, callers->connections.n, "connection"},
        {conf->wait_tasks, callers->tasks.known, callers->tasks.n, "pending task"},
        {conf->wait_sessions, callers->sessions.known, callers->sessions.n, "session"},
    };
    const char *separator = "";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!kinds[i].waited_for)
            continue;
        if (kinds[i].known)
            strbuf_addf(out, "%s%llu %s%s", separator, (unsigned long long)kinds[i].n,
                kinds[i].name, kinds[i].n == 1 ? "" : "s");
        else
            strbuf_addf(out, "%s%ss unknown", separator, kinds[i].name);
        separator = ", ";
    }
}
