/* The action items of a post-mortem. */
#pragma once

#include "core/incidents/postmortem.h"
#include "core/incidents/postmortem_text.h"

struct postmortem_items {
    unsigned n; /* that say something */
    bool in_table;
    int action, owner, due; /* columns, from 0; -1: it has none */
};

/* A line of the section; what is wrong with it is reported. Begin with zeroes. */
void postmortem_items_read(struct postmortem_items *items, const struct postmortem_line *line,
    struct postmortem_report *report);

/* Adds a fault. */
void postmortem_fault(struct postmortem_report *r, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
