/* Reading and writing values that are rules: a set of words, and how many in which time. */
#include "core/config/config_type.h"

#include "base/num.h"
#include "core/config/config_words.h"

#include <errno.h>
#include <string.h>

enum { RATE_MAX = 10000, RATE_TEXT_MAX = 64 };

static unsigned *set_of(const struct config_key *key, void *object)
{
    return (unsigned *)((char *)object + key->offset);
}

static unsigned set_in(const struct config_key *key, const void *object)
{
    return *(const unsigned *)((const char *)object + key->offset);
}

static void list_choices(const struct config_choice *choices, struct strbuf *out)
{
    for (const struct config_choice *c = choices; c->word; c++)
        strbuf_addf(out, "%s%s", c == choices ? "" : " ", c->word);
}

static int read_word(const struct config_key *key, const char *word, unsigned *set, struct err *e)
{
    const struct config_choice *c = config_choice_find(key->choices, word);
    if (c) {
        *set |= 1U << c->value;
        return 0;
    }
    struct strbuf known = STRBUF_INIT;
    list_choices(key->choices, &known);
    const char *nearest = config_choice_nearest(key->choices, word);
    int r = nearest
                ? err_set(e, -EINVAL, "\"%.80s\" is unknown, did you mean \"%s\"?", word, nearest)
                : err_set(e, -EINVAL, "\"%.80s\" is unknown, it is any of %s", word,
                      strbuf_text(&known));
    strbuf_fini(&known);
    return r;
}

static int set_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    unsigned set = set_in(key, object);
    struct strlist words = {0};
    int r = config_words_split(text, &words, e);
    for (size_t i = 0; r == 0 && i < words.n; i++)
        r = read_word(key, words.items[i], &set, e);
    strlist_fini(&words);
    if (r == 0)
        *set_of(key, object) = set;
    return r;
}

static void set_clear(const struct config_key *key, void *object)
{
    *set_of(key, object) = 0;
}

/* The choice that is the item-th of those in the set. */
static const struct config_choice *set_item(
    const struct config_key *key, const void *object, size_t item)
{
    const struct config_choice *c = key->choices;
    for (size_t seen = 0; c->word; c++) {
        if (set_in(key, object) & 1U << c->value && seen++ == item)
            break;
    }
    return c;
}

static size_t set_count(const struct config_key *key, const void *object)
{
    size_t n = 0;
    while (set_item(key, object, n)->word)
        n++;
    return n;
}

static void set_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    strbuf_adds(out, set_item(key, object, item)->word);
}

static int rate_parse(const char *text, struct config_rate *out)
{
    char count[RATE_TEXT_MAX];
    const char *slash = strchr(text, '/');
    uint64_t n = 0;
    if (strcmp(text, "infinity") == 0) {
        *out = (struct config_rate){0};
        return 0;
    }
    if (!slash || (size_t)(slash - text) >= sizeof count)
        return -EINVAL;
    memcpy(count, text, (size_t)(slash - text));
    count[slash - text] = '\0';
    if (num_parse_u64(count, 1, RATE_MAX, &n) < 0 || span_parse(slash + 1, &out->per) < 0 ||
        out->per < USEC_PER_SEC || out->per > USEC_PER_DAY)
        return -EINVAL;
    out->n = (unsigned)n;
    return 0;
}

static int rate_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    struct config_rate rate;
    if (rate_parse(text, &rate) < 0)
        return err_set(e, -EINVAL,
            "\"%.80s\" is no rate such as 10/1min: up to %d in a time from 1s to 24h, or "
            "`infinity`",
            text, (int)RATE_MAX);
    *(struct config_rate *)((char *)object + key->offset) = rate;
    return 0;
}

static void rate_clear(const struct config_key *key, void *object)
{
    *(struct config_rate *)((char *)object + key->offset) = (struct config_rate){0};
}

static size_t rate_count(const struct config_key *key, const void *object)
{
    (void)key;
    (void)object;
    return 1;
}

static void rate_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    char per[SPAN_TEXT_MAX];
    (void)item;
    const struct config_rate *rate =
        (const struct config_rate *)((const char *)object + key->offset);
    if (rate->n == 0)
        strbuf_adds(out, "infinity");
    else
        strbuf_addf(out, "%u/%s", rate->n, span_format(rate->per, per));
}

const struct config_type config_type_set = {
    .name = "list of words",
    .list = true,
    .words = true,
    .read = set_read,
    .clear = set_clear,
    .count = set_count,
    .write = set_write,
};
const struct config_type config_type_rate = {
    .name = "rate",
    .read = rate_read,
    .clear = rate_clear,
    .count = rate_count,
    .write = rate_write,
};
