/* A rollout: what it does, from where to where, who waits, and why it is held or went back. */
#include "base/names.h"
#include "cli/json.h"
#include "cli/say.h"
#include "cli/view.h"

#include <string.h>

enum { WORD_MAX = 100, REASON_MAX = 400, LABEL_WIDTH = 9 };

static const struct {
    const char *state;
    const char *words;
    enum say_color color;
} STATES[] = {
    {"idle", "none under way", SAY_GREEN},
    {"in_place", "one worker after the other is stopped and started", SAY_YELLOW},
    {"canary", "a first new worker is being verified beside the others", SAY_YELLOW},
    {"baking", "the first new worker serves, and is watched", SAY_YELLOW},
    {"rolling", "the other workers follow", SAY_YELLOW},
    {"warm", "every worker is new; the last old one is kept warm", SAY_GREEN},
    {"hold", "HELD: it failed, and waits for somebody to decide", SAY_RED},
    {"back", "going back to the workers from before", SAY_RED},
};

static void begin_line(struct strbuf *out, const char *label)
{
    strbuf_addf(out, "%-*s  ", (int)LABEL_WIDTH, label);
}

static void add_state(const cJSON *rollout, bool use_color, struct strbuf *out)
{
    const char *state = json_text(rollout, "state");
    int i = ROWS_FIND(STATES, state, state);
    if (i >= 0)
        say_colored(out, use_color, STATES[i].color, STATES[i].words);
    else
        say_word(out, state ? state : "unknown", WORD_MAX);
}

static void add_left(const cJSON *rollout, struct strbuf *out)
{
    usec_t left;
    char span[SPAN_TEXT_MAX];
    if (json_true(rollout, "outage"))
        strbuf_adds(out, "; it stands still while a dependency or provider is down");
    else if (json_count(rollout, "left_usec", &left) && left < USEC_PER_SEC)
        strbuf_adds(out, ", less than a second left");
    else if (json_count(rollout, "left_usec", &left))
        strbuf_addf(out, ", %s left", span_format(left - left % USEC_PER_SEC, span));
}

/* "restart by alice: new release" */
static void add_asker(const cJSON *asker, struct strbuf *out)
{
    const char *kind = json_text(asker, "kind");
    const char *author = json_text(asker, "author");
    const char *reason = json_text(asker, "reason");
    say_word(out, kind ? kind : "asked for", WORD_MAX);
    if (author) {
        strbuf_adds(out, " by ");
        say_word(out, author, WORD_MAX);
    }
    if (reason) {
        strbuf_adds(out, ": ");
        say_word(out, reason, REASON_MAX);
    }
}

static void write_side(const cJSON *rollout, const char *label, const char *generation,
    const char *release, struct strbuf *out)
{
    uint64_t n;
    if (!json_count(rollout, generation, &n) || n == 0)
        return;
    begin_line(out, label);
    strbuf_addf(out, "generation %llu", (unsigned long long)n);
    if (json_text(rollout, release)) {
        strbuf_adds(out, ", release ");
        say_word(out, json_text(rollout, release), WORD_MAX);
    }
    strbuf_addc(out, '\n');
}

static void write_phases(const cJSON *rollout, struct strbuf *out)
{
    const cJSON *phase;
    const char *separator = "";
    char span[SPAN_TEXT_MAX];
    if (cJSON_GetArraySize(json_get(rollout, "phases")) == 0)
        return;
    begin_line(out, "Phases");
    cJSON_ArrayForEach(phase, json_get(rollout, "phases"))
    {
        usec_t took;
        const char *state = json_text(phase, "state");
        if (!state || !json_count(phase, "took_usec", &took))
            continue;
        strbuf_adds(out, separator);
        say_word(out, state, WORD_MAX);
        strbuf_addf(out, " %s", span_show(took, span));
        separator = ", ";
    }
    strbuf_addc(out, '\n');
}

static void write_waiting(const cJSON *rollout, struct strbuf *out)
{
    const cJSON *asker;
    cJSON_ArrayForEach(asker, json_get(rollout, "waiting"))
    {
        uint64_t id;
        begin_line(out, "Waits");
        add_asker(asker, out);
        if (json_count(asker, "operation", &id))
            strbuf_addf(out, " (operation %llu)", (unsigned long long)id);
        strbuf_addc(out, '\n');
    }
}

static void write_failure(const cJSON *rollout, struct strbuf *out)
{
    const cJSON *failure = json_get(rollout, "failure");
    const char *what = json_text(failure, "message");
    const char *body = json_text(failure, "probe_body");
    const cJSON *line;
    if (!what)
        return;
    begin_line(out, "Why");
    say_word(out, what, REASON_MAX);
    strbuf_addc(out, '\n');
    if (body) {
        strbuf_adds(out, "  it answered: ");
        say_word(out, body, REASON_MAX * 2);
        strbuf_addc(out, '\n');
    }
    if (cJSON_IsNull(json_get(failure, "last_output")))
        strbuf_adds(out, "  its last lines: for those who may change something\n");
    if (cJSON_GetArraySize(json_get(failure, "last_output")) > 0)
        strbuf_adds(out, "  its last lines:\n");
    cJSON_ArrayForEach(line, json_get(failure, "last_output"))
    {
        strbuf_adds(out, "    ");
        say_word(out, cJSON_IsString(line) ? line->valuestring : "", REASON_MAX);
        strbuf_addc(out, '\n');
    }
}

static void write_fact(
    const cJSON *rollout, const char *label, const char *member, struct strbuf *out)
{
    if (!json_text(rollout, member))
        return;
    begin_line(out, label);
    say_word(out, json_text(rollout, member), REASON_MAX);
    strbuf_addc(out, '\n');
}

void view_rollout(const struct cli *cli, const cJSON *rollout, struct strbuf *out)
{
    const char *state = json_text(rollout, "state");
    bool known = json_text(rollout, "kind") != NULL;
    begin_line(out, "Rollout");
    add_state(rollout, cli->color, out);
    add_left(rollout, out);
    strbuf_addc(out, '\n');
    if (!known)
        return;
    begin_line(out, state && strcmp(state, "idle") == 0 ? "Last" : "For");
    add_asker(rollout, out);
    strbuf_addc(out, '\n');
    write_side(rollout, "From", "generation.from", "release.from", out);
    write_side(rollout, "To", "generation.to", "release.to", out);
    write_phases(rollout, out);
    write_fact(rollout, "Verdict", "verdict", out);
    write_waiting(rollout, out);
    write_failure(rollout, out);
    write_fact(rollout, "Command", "command", out);
    if (state && strcmp(state, "hold") == 0) {
        strbuf_addc(out, '\n');
        say_colored(out, cli->color, SAY_BOLD, "What to do");
        strbuf_adds(out, "\n- go on in spite of it:\n    voxkeeper rollout promote\n"
                         "- go back to the workers from before:\n    voxkeeper rollout abort\n");
    }
}

void view_rollout_brief(const cJSON *rollout, struct strbuf *out)
{
    const char *state = json_text(rollout, "state");
    if (!state || strcmp(state, "idle") == 0)
        return;
    add_state(rollout, false, out);
    add_left(rollout, out);
}
