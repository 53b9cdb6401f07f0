/* What an error reply of Redis means. Texts as of Redis 7.0; the first word decides, mostly. */
#include "core/redis_error.h"

#include <string.h>

static const struct {
    const char *word;
    enum redis_error error;
} words[] = {
    {"LOADING", REDIS_E_LOADING},
    {"BUSY", REDIS_E_BUSY},
    {"OOM", REDIS_E_OOM},
    {"READONLY", REDIS_E_READONLY},
    {"MASTERDOWN", REDIS_E_READONLY},
    {"NOAUTH", REDIS_E_NOAUTH},
    {"WRONGPASS", REDIS_E_NOAUTH},
    {"DENIED", REDIS_E_NOAUTH}, /* protected mode */
    {"NOPERM", REDIS_E_NOPERM},
    {"MOVED", REDIS_E_MOVED},
    {"ASK", REDIS_E_MOVED},
    {"TRYAGAIN", REDIS_E_MOVED},
    {"CLUSTERDOWN", REDIS_E_CLUSTERDOWN},
    {"MISCONF", REDIS_E_MISCONF},
    {"NOREPLICAS", REDIS_E_MISCONF},
    {"NOSCRIPT", REDIS_E_NOSCRIPT},
    {"WRONGTYPE", REDIS_E_WRONGTYPE},
};

/* Those that hide behind a bare `ERR`. */
static const struct {
    const char *start;
    enum redis_error error;
} sentences[] = {
    {"ERR max number of clients reached", REDIS_E_CLIENTS},
    {"ERR The user executing the script can't", REDIS_E_NOPERM},
    {"ERR invalid password", REDIS_E_NOAUTH},                  /* Redis < 6 */
    {"ERR Client sent AUTH, but no password", REDIS_E_NOAUTH}, /* Redis < 6 */
    {"ERR AUTH <password> called without any password", REDIS_E_NOAUTH},
};

enum redis_error redis_error_class(const char *text, size_t len)
{
    const char *space = len > 0 ? memchr(text, ' ', len) : NULL;
    size_t word_len = space ? (size_t)(space - text) : len;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i].word) == word_len && memcmp(text, words[i].word, word_len) == 0)
            return words[i].error;
    }
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        size_t start_len = strlen(sentences[i].start);
        if (len >= start_len && memcmp(text, sentences[i].start, start_len) == 0)
            return sentences[i].error;
    }
    return REDIS_E_OTHER;
}

const char *redis_error_name(enum redis_error error)
{
#define X(symbol, name) [REDIS_E_##symbol] = name,
    static const char *const names[] = {REDIS_ERRORS(X)};
#undef X
    return names[error];
}
