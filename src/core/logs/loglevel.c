/* Level words. */
#include "core/logs/loglevel.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *word;
    enum log_level level;
} words[] = {
    {"emerg", LOG_LEVEL_ERR},
    {"emergency", LOG_LEVEL_ERR},
    {"alert", LOG_LEVEL_ERR},
    {"crit", LOG_LEVEL_ERR},
    {"critical", LOG_LEVEL_ERR},
    {"fatal", LOG_LEVEL_ERR},
    {"panic", LOG_LEVEL_ERR},
    {"error", LOG_LEVEL_ERR},
    {"err", LOG_LEVEL_ERR},
    {"warning", LOG_LEVEL_WARNING},
    {"warn", LOG_LEVEL_WARNING},
    {"notice", LOG_LEVEL_NOTICE},
    {"info", LOG_LEVEL_INFO},
    {"information", LOG_LEVEL_INFO},
    {"http", LOG_LEVEL_INFO}, /* winston: between info and verbose */
    {"verbose", LOG_LEVEL_DEBUG},
    {"debug", LOG_LEVEL_DEBUG},
    {"trace", LOG_LEVEL_DEBUG},
    {"silly", LOG_LEVEL_DEBUG},
};

bool loglevel_word(const char *text, size_t len, enum log_level *out_level)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i].word) == len && strncasecmp(words[i].word, text, len) == 0) {
            *out_level = words[i].level;
            return true;
        }
    }
    return false;
}

bool loglevel_number(const char *text, size_t len, enum log_level *out_level)
{
    if (len != 2 || text[0] < '1' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return false;
    switch (text[0]) {
    case '1':
    case '2':
        *out_level = LOG_LEVEL_DEBUG;
        return true;
    case '3':
        *out_level = LOG_LEVEL_INFO;
        return true;
    case '4':
        *out_level = LOG_LEVEL_WARNING;
        return true;
    default:
        *out_level = LOG_LEVEL_ERR;
        return true;
    }
}

static size_t letters(const char *text, size_t len, bool *out_capitals)
{
    size_t n = 0;
    *out_capitals = true;
    while (n < len && ((text[n] | 0x20) >= 'a' && (text[n] | 0x20) <= 'z')) {
        *out_capitals = *out_capitals && text[n] <= 'Z';
        n++;
    }
    return n;
}

/* Length of a token that can only be a date or a time, with the blanks behind it; else 0. */
static size_t time_token(const char *text, size_t len)
{
    size_t n = 0;
    bool digit = false;
    while (n < len && text[n] != '\0' && strchr("0123456789-:.,/+TZ[]", text[n])) {
        digit = digit || (text[n] >= '0' && text[n] <= '9');
        n++;
    }
    if (!digit || n == len || text[n] != ' ')
        return 0;
    while (n < len && text[n] == ' ')
        n++;
    return n;
}

static bool logfmt(const char *text, size_t len, enum log_level *out_level)
{
    static const char key[] = "level=";
    const size_t key_len = sizeof key - 1;
    size_t end = len < 256 ? len : 256;
    for (size_t i = 0; i + key_len < end; i++) {
        if (memcmp(text + i, key, key_len) != 0 || (i > 0 && text[i - 1] != ' '))
            continue;
        size_t from = i + key_len + (text[i + key_len] == '"');
        bool capitals = false;
        return loglevel_word(text + from, letters(text + from, len - from, &capitals), out_level);
    }
    return false;
}

bool loglevel_of_line(const char *text, size_t len, enum log_level *out_level)
{
    size_t i = 0;
    for (unsigned tokens = 0; tokens < 2; tokens++)
        i += time_token(text + i, len - i);
    bool bracket = i < len && text[i] == '[';
    i += bracket;
    bool capitals = false;
    size_t n = letters(text + i, len - i, &capitals);
    char after = i + n < len ? text[i + n] : '\0';
    bool ends = bracket ? after == ']' : after == ':' || (capitals && (after == ' ' || !after));
    return (ends && loglevel_word(text + i, n, out_level)) || logfmt(text, len, out_level);
}
