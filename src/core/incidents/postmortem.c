/* Whether a post-mortem was written. */
#include "core/incidents/postmortem.h"

#include "core/incidents/postmortem_items.h"
#include "core/incidents/postmortem_text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What a cause must have at least, and beside phrases that explain nothing. */
enum { CAUSE_WORDS_MIN = 8, CAUSE_WORDS_BESIDE = 15 };

static const char *const vague[] = {"human error", "operator error", "user error", "human mistake",
    "a mistake", "carelessness", "unknown", "unclear", "not known", "no idea", "not sure",
    "somebody forgot", "someone forgot", "bad luck", "a bug", "a glitch", "it crashed"};
static const char *const unfinished[] = {"tbd", "todo", "fixme", "to be determined",
    "under investigation", "investigation ongoing", "to do", "to be done"};
enum { N_VAGUE = sizeof vague / sizeof *vague };
enum { N_UNFINISHED = sizeof unfinished / sizeof *unfinished };

enum section { SECTION_OTHER, SECTION_CAUSE, SECTION_ITEMS };

struct check {
    struct postmortem_report *report;
    enum section section;
    unsigned level; /* of its heading */
    unsigned cause_line;
    bool prompted; /* the prompt of the cause still stands */
    char cause[POSTMORTEM_WORDS_MAX];
    unsigned items_line;
    struct postmortem_items items;
};

void postmortem_fault(struct postmortem_report *r, unsigned line, const char *fmt, ...)
{
    va_list ap;
    if (r->n == POSTMORTEM_FAULTS_MAX) {
        r->more++;
        return;
    }
    struct postmortem_fault *f = &r->faults[r->n++];
    f->line = line;
    va_start(ap, fmt);
    vsnprintf(f->what, sizeof f->what, fmt, ap);
    va_end(ap);
}

/* "## 5. Root cause:" and "## Root Cause Analysis" are about the root cause, too. */
static bool is_about(const char *heading, const char *what)
{
    heading += strspn(heading, "#0123456789. \t");
    return strncasecmp(heading, what, strlen(what)) == 0;
}

static void enter(struct check *c, const struct postmortem_line *line)
{
    if (c->section != SECTION_OTHER && line->heading > c->level)
        return; /* a part of it */
    c->section = SECTION_OTHER;
    c->level = line->heading;
    if (is_about(line->text, "Root cause")) {
        c->section = SECTION_CAUSE;
        c->cause_line = line->number;
    } else if (is_about(line->text, "Action items")) {
        c->section = SECTION_ITEMS;
        c->items_line = line->number;
    }
}

static void read_cause(struct check *c, const struct postmortem_line *line)
{
    const char *prompt = strstr(line->text, POSTMORTEM_PROMPT_CAUSE);
    if (line->heading)
        return;
    if (!prompt) {
        postmortem_words_add(c->cause, sizeof c->cause, line->text);
        return;
    }
    char rest[POSTMORTEM_WORDS_MAX];
    snprintf(rest, sizeof rest, "%.*s %s", (int)(prompt - line->text), line->text,
        prompt + strlen(POSTMORTEM_PROMPT_CAUSE));
    c->prompted = true;
    postmortem_words_add(c->cause, sizeof c->cause, rest);
}

static void judge_cause(const struct check *c, unsigned last)
{
    bool found = false;
    struct postmortem_report *r = c->report;
    if (c->cause_line == 0) {
        postmortem_fault(r, last, "there is no section \"Root cause\"");
        return;
    }
    unsigned words = postmortem_words_beside(c->cause, NULL, 0, &found);
    if (words == 0) {
        postmortem_fault(
            r, c->cause_line, "the root cause is %s", c->prompted ? "still the prompt" : "empty");
        return;
    }
    (void)postmortem_words_beside(c->cause, unfinished, N_UNFINISHED, &found);
    if (found) {
        postmortem_fault(r, c->cause_line, "the root cause says itself that it is not known yet");
        return;
    }
    unsigned beside = postmortem_words_beside(c->cause, vague, N_VAGUE, &found);
    if (found && beside < CAUSE_WORDS_BESIDE)
        postmortem_fault(r, c->cause_line,
            "the root cause is vague: \"%.60s\" does not say why it could happen", c->cause);
    else if (words < CAUSE_WORDS_MIN)
        postmortem_fault(r, c->cause_line,
            "the root cause is too short to explain anything: %u words, less than %d", words,
            (int)CAUSE_WORDS_MIN);
}

void postmortem_check(const char *text, size_t len, struct postmortem_report *out)
{
    struct check c = {.report = out};
    struct postmortem_lines lines;
    struct postmortem_line line;
    *out = (struct postmortem_report){0};
    postmortem_lines_init(&lines, text, len);
    while (postmortem_lines_next(&lines, &line)) {
        if (line.heading)
            enter(&c, &line);
        if (c.section == SECTION_CAUSE)
            read_cause(&c, &line);
        else if (c.section == SECTION_ITEMS && !line.code && !line.heading)
            postmortem_items_read(&c.items, &line, out);
    }
    unsigned last = lines.number > 0 ? lines.number : 1;
    judge_cause(&c, last);
    if (c.items_line == 0)
        postmortem_fault(out, last, "there is no section \"Action items\"");
    else if (c.items.n == 0)
        postmortem_fault(out, c.items_line, "there is no action item");
}
