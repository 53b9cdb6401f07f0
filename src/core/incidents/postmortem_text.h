/* The lines of a Markdown text as a check of post-mortems needs them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { POSTMORTEM_WORDS_MAX = 4096 };

struct postmortem_lines {
    const char *at;
    const char *end;
    unsigned number; /* of the line that was read last */
    bool in_comment; /* between <!-- and --> */
    char fence;      /* in a block of code that began with these; 0: in none */
};

/* A line without its end, blanks at both ends, and comments. */
struct postmortem_line {
    char text[POSTMORTEM_WORDS_MAX]; /* cut to that; NUL-terminated, without NUL inside */
    unsigned number;
    unsigned heading; /* 1..6; 0: it is none */
    bool code;        /* in a block of code, or its border */
};

void postmortem_lines_init(struct postmortem_lines *l, const char *text, size_t len);

/* Returns false after the last one. */
bool postmortem_lines_next(struct postmortem_lines *l, struct postmortem_line *out);

/*
 * Lower case words with single blanks between them, without punctuation and emphasis; the words of
 * the text (not NULL) are appended to `out`, which has `size` bytes. Returns how many words it has
 * then.
 */
unsigned postmortem_words_add(char *out, size_t size, const char *text);

/* How many words `words` (of postmortem_words_add()) has beside each that is part of a `phrase`;
 * *out_found: whether there was one. */
unsigned postmortem_words_beside(
    const char *words, const char *const *phrases, size_t n_phrases, bool *out_found);

/* Whether one that says this says nothing: empty, a prompt of ours, "TBD", "?", "-". */
bool postmortem_is_blank(const char *text);

/* Whether it is a date that exists, `2026-12-01`, and nothing else. */
bool postmortem_is_date(const char *text);
