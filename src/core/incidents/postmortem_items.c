/* See postmortem_items.h. */
#include "core/incidents/postmortem_items.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { COLUMNS_MAX = 12, SHOWN = 60 };

struct row {
    char text[POSTMORTEM_WORDS_MAX]; /* what the cells point into */
    char *cells[COLUMNS_MAX];
    int n;
};

/* Cuts "| a | b \| c |" into "a" and "b \| c". */
static void split(struct row *row, const char *text)
{
    snprintf(row->text, sizeof row->text, "%s", text);
    char *at = row->text;
    row->n = 0;
    at += *at == '|';
    while (*at && row->n < COLUMNS_MAX) {
        char *end = at;
        while (*end && *end != '|')
            end += *end == '\\' && end[1] ? 2 : 1;
        bool last = *end == '\0';
        *end = '\0';
        char *cell = text_trim(at);
        if (!last || *cell)
            row->cells[row->n++] = cell;
        at = last ? end : end + 1;
    }
}

static bool is_border(const char *text)
{
    return strchr(text, '-') && text[strspn(text, "|-: \t")] == '\0';
}

static int column(const struct row *row, const char *const *names, size_t n_names)
{
    for (int i = 0; i < row->n; i++) {
        for (size_t k = 0; k < n_names; k++) {
            if (strcasecmp(row->cells[i], names[k]) == 0)
                return i;
        }
    }
    return -1;
}

static void read_head(struct postmortem_items *items, const struct row *row, unsigned number,
    struct postmortem_report *report)
{
    static const char *const actions[] = {"Action", "Action item", "What", "Item", "Task"};
    static const char *const owners[] = {"Owner", "Who", "Assignee"};
    static const char *const dues[] = {"Due", "Date", "Due date", "When", "Deadline"};
    items->in_table = true;
    items->action = column(row, actions, sizeof actions / sizeof *actions);
    items->owner = column(row, owners, sizeof owners / sizeof *owners);
    items->due = column(row, dues, sizeof dues / sizeof *dues);
    if (items->action < 0)
        items->action = 0;
    if (items->owner < 0)
        postmortem_fault(report, number, "the action items have no column \"Owner\"");
    if (items->due < 0)
        postmortem_fault(report, number, "the action items have no column \"Due\"");
}

static const char *cell(const struct row *row, int at)
{
    return at >= 0 && at < row->n ? row->cells[at] : "";
}

static void judge(struct postmortem_items *items, const struct postmortem_line *line,
    const char *action, const char *owner, const char *due, struct postmortem_report *report)
{
    items->n++;
    if (postmortem_is_blank(action))
        postmortem_fault(report, line->number, "an action item does not say what will be done");
    if (postmortem_is_blank(owner))
        postmortem_fault(
            report, line->number, "the action item \"%.*s\" has no owner", (int)SHOWN, action);
    if (postmortem_is_blank(due))
        postmortem_fault(
            report, line->number, "the action item \"%.*s\" has no date", (int)SHOWN, action);
    else if (!postmortem_is_date(due))
        postmortem_fault(report, line->number,
            "the action item \"%.*s\" is due \"%.*s\", which is no date such as 2026-12-01",
            (int)SHOWN, action, 20, due);
}

static void read_row(struct postmortem_items *items, const struct postmortem_line *line,
    struct postmortem_report *report)
{
    struct row row;
    split(&row, line->text);
    if (!items->in_table) {
        read_head(items, &row, line->number, report);
        return;
    }
    const char *action = cell(&row, items->action);
    const char *owner = cell(&row, items->owner);
    const char *due = cell(&row, items->due);
    /* Without the column, that was said of its head. */
    owner = items->owner < 0 ? "-x-" : owner;
    due = items->due < 0 ? "2000-01-01" : due;
    if (!postmortem_is_blank(action) || !postmortem_is_blank(cell(&row, items->owner)) ||
        !postmortem_is_blank(cell(&row, items->due)))
        judge(items, line, action, owner, due, report);
}

/* The value behind "owner:" up to a comma, a semicolon or a bracket; "" if there is none. */
static void value_of(const char *text, const char *name, char *out, size_t size)
{
    const char *at = strcasestr(text, name);
    out[0] = '\0';
    if (!at)
        return;
    at += strlen(name);
    at += strspn(at, " \t*_");
    size_t len = strcspn(at, ",;)]");
    snprintf(out, size, "%.*s", (int)(len < size ? len : size - 1), at);
    char *trimmed = text_trim(out);
    memmove(out, trimmed, strlen(trimmed) + 1);
    len = strlen(out);
    while (len > 0 && strchr(".*_", out[len - 1]))
        out[--len] = '\0';
}

static void read_bullet(struct postmortem_items *items, const struct postmortem_line *line,
    struct postmortem_report *report)
{
    char owner[128];
    char due[64];
    const char *action = line->text + 1;
    action += strspn(action, " \t");
    if (strncmp(action, "[ ]", 3) == 0 || strncasecmp(action, "[x]", 3) == 0)
        action += 3 + strspn(action + 3, " \t");
    value_of(line->text, "owner:", owner, sizeof owner);
    value_of(line->text, "due:", due, sizeof due);
    if (!due[0])
        value_of(line->text, "date:", due, sizeof due);
    if (!postmortem_is_blank(action) || owner[0] || due[0])
        judge(items, line, action, owner, due, report);
}

void postmortem_items_read(struct postmortem_items *items, const struct postmortem_line *line,
    struct postmortem_report *report)
{
    bool bullet = (line->text[0] == '-' || line->text[0] == '*' || line->text[0] == '+') &&
                  (line->text[1] == ' ' || line->text[1] == '\t');
    if (line->text[0] != '|')
        items->in_table = false;
    if (line->text[0] == '|' && !is_border(line->text))
        read_row(items, line, report);
    else if (bullet)
        read_bullet(items, line, report);
}
