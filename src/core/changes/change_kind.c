/* Events that are changes. */
#include "core/changes/change_kind.h"

#include "base/strbuf.h"

#include <stddef.h>
#include <string.h>

/* Those of one kind stand beside each other. */
/* clang-format off */
static const char *const words[] = {
#define X(symbol, kind) kind,
    CHANGE_EVENTS(X)
#undef X
    CHANGE_RELEASE, CHANGE_UNIT, CHANGE_VERSION, CHANGE_NOTE,
};
/* clang-format on */

static const size_t n_words = sizeof words / sizeof *words;

void change_kinds_write(struct strbuf *out)
{
    for (size_t i = 0; i < n_words; i++) {
        if (i == 0 || strcmp(words[i - 1], words[i]) != 0)
            strbuf_addf(out, "%s%s", i ? ", " : "", words[i]);
    }
}

bool change_kind_is(const char *word)
{
    for (size_t i = 0; i < n_words; i++) {
        if (strcmp(words[i], word) == 0)
            return true;
    }
    return false;
}

const char *change_kind_of(enum event_id id)
{
    static const char *const kinds[EVENT_COUNT] = {
#define X(symbol, kind) [EVENT_##symbol] = kind,
        CHANGE_EVENTS(X)
#undef X
    };
    return kinds[id];
}
