/*
 * The logical lines of a configuration text: comment and empty lines are dropped, a line that ends
 * in a backslash goes on in the next one (joined by a space, comments between are skipped, as in
 * systemd), and bytes that no configuration holds are refused.
 */
#pragma once

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

struct config_lines {
    const char *text; /* borrowed until the last call */
    size_t len;
    size_t pos;
    unsigned line;         /* of the physical line behind pos */
    bool out_of_memory;    /* some line came out incomplete */
    struct strbuf text_of; /* the logical line */
};

enum config_line {
    CONFIG_LINE_END,
    CONFIG_LINE_TEXT, /* lines.text_of holds it, without white space at its ends */
    CONFIG_LINE_BAD,  /* out_cause tells why; the next call goes on behind it */
};

void config_lines_init(struct config_lines *l, const char *text, size_t len);
void config_lines_fini(struct config_lines *l);

/* The next logical line and the number of the physical line where it begins (of the bad one, for
 * BAD). */
enum config_line config_lines_next(
    struct config_lines *l, unsigned *out_line, const char **out_cause);
