/* See incident_record.h. */
#include "core/incidents/incident_record.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void incident_record_name(enum condition c, usec_t wall, unsigned again, char out[INCIDENT_ID_MAX])
{
    time_t seconds = (time_t)(wall / USEC_PER_SEC);
    struct tm tm = {0};
    char when[32] = "";
    gmtime_r(&seconds, &tm);
    strftime(when, sizeof when, "%Y%m%d-%H%M%S", &tm);
    if (again > 0)
        snprintf(out, INCIDENT_ID_MAX, "%s-%s-%u", when, condition_name(c), again + 1);
    else
        snprintf(out, INCIDENT_ID_MAX, "%s-%s", when, condition_name(c));
}

bool incident_record_is_name(const char *text)
{
    static const char shape[] = "dddddddd-dddddd-";
    size_t len = strlen(text);
    if (len < sizeof shape || len >= INCIDENT_ID_MAX)
        return false;
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (shape[i] == 'd' ? !digit : text[i] != '-')
            return false;
    }
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* The length of `text`, cut to `max` bytes between two characters. */
static size_t cut_len(const char *text, size_t max)
{
    size_t len = strlen(text);
    if (len <= max)
        return len;
    while (max > 0 && ((unsigned char)text[max] & 0xC0) == 0x80)
        max--;
    return max;
}

/* Owned; NULL when memory is out. Control characters and what is no UTF-8 are made visible. */
static char *readable(const char *text, size_t max)
{
    struct strbuf out = STRBUF_INIT;
    strbuf_adds(&out, "");
    for (size_t i = 0, len = cut_len(text, max); i < len;) {
        size_t n = text_utf8_len(text + i, len - i);
        bool plain = n > 1 || (n == 1 && ((unsigned char)text[i] >= 0x20 || text[i] == '\n') &&
                                  text[i] != 0x7F);
        if (plain)
            strbuf_add(&out, text + i, n);
        else
            strbuf_adds(&out, "\xEF\xBF\xBD");
        i += n > 0 ? n : 1;
    }
    char *owned = out.len > 0 ? strbuf_take(&out) : strdup("");
    strbuf_fini(&out);
    return owned;
}

void incident_record_set(struct strbuf *field, const char *text, size_t max)
{
    char *copy = readable(text, max);
    strbuf_reset(field);
    strbuf_adds(field, copy ? copy : "");
    free(copy);
}

struct incident_record *incident_record_new(enum condition c, const char *subject, usec_t wall)
{
    struct incident_record *r = calloc(1, sizeof *r);
    char *copy = readable(subject, INCIDENT_SUBJECT_MAX - 1);
    if (!r || !copy) {
        free(copy);
        free(r);
        return NULL;
    }
    r->condition = c;
    r->machine = incident_initial();
    r->began_wall = wall;
    memcpy(r->subject, copy, cut_len(copy, INCIDENT_SUBJECT_MAX - 1));
    free(copy);
    return r;
}

static void fini_names(struct incident_names *names)
{
    for (unsigned i = 0; i < names->n; i++)
        free(names->items[i]);
    names->n = 0;
}

void incident_record_free(struct incident_record *r)
{
    if (!r)
        return;
    for (unsigned i = 0; i < r->n_timeline; i++)
        free(r->timeline[i].text);
    fini_names(&r->sessions);
    fini_names(&r->tasks);
    strbuf_fini(&r->summary);
    strbuf_fini(&r->author);
    strbuf_fini(&r->reason);
    strbuf_fini(&r->output);
    strbuf_fini(&r->output_who);
    incident_findings_fini(&r->findings);
    free(r);
}

/* How it began stays, and what came last. */
static void make_room(struct incident_record *r)
{
    struct incident_entry *oldest = &r->timeline[INCIDENT_TIMELINE_HEAD];
    free(oldest->text);
    r->n_timeline--;
    memmove(
        oldest, oldest + 1, (INCIDENT_TIMELINE_MAX - INCIDENT_TIMELINE_HEAD - 1) * sizeof *oldest);
    r->timeline_dropped++;
}

void incident_record_add(
    struct incident_record *r, enum incident_entry_kind kind, usec_t wall, const char *text)
{
    char *copy = readable(text, INCIDENT_TEXT_MAX);
    if (!copy) {
        r->timeline_dropped++;
        return;
    }
    if (r->n_timeline == INCIDENT_TIMELINE_MAX)
        make_room(r);
    r->timeline[r->n_timeline++] = (struct incident_entry){wall, kind, copy};
}

void incident_names_add(struct incident_names *names, const char *name)
{
    names->all++;
    if (names->n == INCIDENT_NAMES_MAX)
        return;
    char *copy = readable(name, INCIDENT_NAME_MAX);
    if (copy)
        names->items[names->n++] = copy;
}

bool incident_record_is_open(const struct incident_record *r)
{
    return r->resolved_wall == 0;
}

usec_t incident_record_duration(const struct incident_record *r, usec_t now_wall)
{
    usec_t end = r->ceased_wall > 0     ? r->ceased_wall
                 : r->resolved_wall > 0 ? r->resolved_wall
                                        : now_wall;
    return usec_sub(end, r->began_wall);
}
