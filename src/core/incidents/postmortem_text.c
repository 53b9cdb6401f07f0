/* See postmortem_text.h. */
#include "core/incidents/postmortem_text.h"

#include "base/names.h"
#include "base/text.h"
#include "core/incidents/postmortem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void postmortem_lines_init(struct postmortem_lines *l, const char *text, size_t len)
{
    *l = (struct postmortem_lines){.at = text, .end = text + len};
}

/* Copies what is no comment; knows on which side of one the line ends. */
static void copy_visible(
    struct postmortem_lines *l, const char *at, size_t len, bool is_code, char *out)
{
    size_t used = 0;
    for (size_t i = 0; i < len;) {
        size_t left = len - i;
        if (l->in_comment && left >= 3 && memcmp(at + i, "-->", 3) == 0) {
            l->in_comment = false;
            i += 3;
        } else if (l->in_comment) {
            i++;
        } else if (!is_code && left >= 4 && memcmp(at + i, "<!--", 4) == 0) {
            l->in_comment = true;
            i += 4;
        } else {
            if (used < POSTMORTEM_WORDS_MAX - 1)
                out[used++] = at[i] ? at[i] : ' ';
            i++;
        }
    }
    out[used] = '\0';
}

/* Whether the line begins or ends a block of code. */
static bool is_fence(struct postmortem_lines *l, const char *text)
{
    if (strncmp(text, "```", 3) != 0 && strncmp(text, "~~~", 3) != 0)
        return false;
    if (l->fence && l->fence != text[0])
        return false;
    l->fence = l->fence ? '\0' : text[0];
    return true;
}

static unsigned heading_of(const char *text)
{
    size_t level = strspn(text, "#");
    return level >= 1 && level <= 6 && (text[level] == ' ' || text[level] == '\t') ? (unsigned)level
                                                                                   : 0;
}

bool postmortem_lines_next(struct postmortem_lines *l, struct postmortem_line *out)
{
    if (l->at >= l->end)
        return false;
    const char *newline = memchr(l->at, '\n', (size_t)(l->end - l->at));
    size_t len = newline ? (size_t)(newline - l->at) : (size_t)(l->end - l->at);
    bool indented = len >= 4 && memcmp(l->at, "    ", 4) == 0;
    copy_visible(l, l->at, len, indented || l->fence, out->text);
    char *trimmed = text_trim(out->text);
    memmove(out->text, trimmed, strlen(trimmed) + 1);
    out->number = ++l->number;
    bool border = !indented && is_fence(l, out->text);
    out->code = border || l->fence != '\0';
    out->heading = out->code || indented ? 0 : heading_of(out->text);
    l->at = newline ? newline + 1 : l->end;
    return true;
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || c == '/';
}

unsigned postmortem_words_add(char *out, size_t size, const char *text)
{
    size_t used = strlen(out);
    unsigned n = 0;
    for (const char *c = text; *c;) {
        size_t len = 0;
        while (is_word_char(c[len]))
            len++;
        if (len > 0 && used + len + 2 < size) {
            if (used > 0)
                out[used++] = ' ';
            for (size_t i = 0; i < len; i++)
                out[used++] = (char)tolower((unsigned char)c[i]);
            out[used] = '\0';
        }
        c += len > 0 ? len : 1;
    }
    for (const char *c = out; *c; c++)
        n += *c == ' ';
    return used > 0 ? n + 1 : 0;
}

/* How many words of `phrase` stand at `words`, as whole words; 0: it does not. */
static size_t phrase_len(const char *words, const char *phrase)
{
    size_t len = strlen(phrase);
    bool is = strncmp(words, phrase, len) == 0 && (words[len] == '\0' || words[len] == ' ');
    return is ? len : 0;
}

unsigned postmortem_words_beside(
    const char *words, const char *const *phrases, size_t n_phrases, bool *out_found)
{
    unsigned n = 0;
    *out_found = false;
    while (*words) {
        size_t len = 0;
        for (size_t i = 0; i < n_phrases && len == 0; i++)
            len = phrase_len(words, phrases[i]);
        *out_found = *out_found || len > 0;
        n += len == 0;
        words += len > 0 ? len : strcspn(words, " ");
        words += *words == ' ';
    }
    return n;
}

bool postmortem_is_blank(const char *text)
{
    static const char *const nothing[] = {"tbd", "todo", "fixme", "n/a", "na", "none", "nobody",
        "unknown", "unassigned", "someone", "somebody", "anyone", "xxx"};
    static const char *const prompts[] = {POSTMORTEM_PROMPT_ACTION, POSTMORTEM_PROMPT_OWNER,
        POSTMORTEM_PROMPT_DUE, POSTMORTEM_PROMPT_CAUSE};
    char words[POSTMORTEM_WORDS_MAX] = "";
    return postmortem_words_add(words, sizeof words, text) == 0 ||
           NAMES_FIND(nothing, words) >= 0 || NAMES_FIND(prompts, text) >= 0;
}

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool postmortem_is_date(const char *text)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = 0;
    unsigned month = 0;
    unsigned day = 0;
    if (strlen(text) != 10)
        return false;
    for (size_t i = 0; i < 10; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? text[i] != '-' : !isdigit((unsigned char)text[i]))
            return false;
        if (!dash) {
            unsigned *part = i < 4 ? &year : i < 7 ? &month : &day;
            *part = *part * 10 + (unsigned)(text[i] - '0');
        }
    }
    if (year < 2000 || month < 1 || month > 12 || day < 1)
        return false;
    return day <= days[month - 1] + (month == 2 && is_leap(year) ? 1U : 0U);
}
