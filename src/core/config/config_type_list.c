/* Reading and writing values that are lists. */
#include "core/config/config_type.h"

#include "base/text.h"
#include "core/config/config_words.h"

#include <errno.h>
#include <string.h>

static void *at_offset(void *object, size_t offset)
{
    return (char *)object + offset;
}

static const void *at_coffset(const void *object, size_t offset)
{
    return (const char *)object + offset;
}

/* Appends the words of `text` to *out if every one of them passes. */
static int read_words(
    const struct config_key *key, const char *text, struct strlist *out, struct err *e)
{
    struct strlist words = {0};
    int r = config_words_split(text, &words, e);
    for (size_t i = 0; r == 0 && key->check && i < words.n; i++)
        r = key->check(words.items[i], e);
    for (size_t i = 0; r == 0 && i < words.n; i++)
        r = strlist_add(out, words.items[i]);
    strlist_fini(&words);
    return r;
}

static int list_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    return read_words(key, text, at_offset(object, key->offset), e);
}

static void list_clear(const struct config_key *key, void *object)
{
    strlist_fini(at_offset(object, key->offset));
}

static size_t list_count(const struct config_key *key, const void *object)
{
    return ((const struct strlist *)at_coffset(object, key->offset))->n;
}

static void list_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    const struct strlist *list = at_coffset(object, key->offset);
    strbuf_adds(out, list->items[item]);
}

static int texts_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    int r = key->check ? key->check(text, e) : 0;
    return r < 0 ? r : strlist_add(at_offset(object, key->offset), text);
}

static int command_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    struct strlist words = {0};
    int r = read_words(key, text, &words, e);
    if (r == 0 && words.items[0][0] == '\0')
        r = err_set(e, -EINVAL, "the name of the program is empty");
    if (r == 0 && strchr("-@+!:|", words.items[0][0]))
        r = err_set(e, -EINVAL, "prefix '%c' of a command is not known here", words.items[0][0]);
    if (r < 0) {
        strlist_fini(&words);
        return r;
    }
    list_clear(key, object);
    *(struct strlist *)at_offset(object, key->offset) = words;
    return 0;
}

static int endpoint_read(
    const struct config_key *key, const char *text, void *object, struct err *e)
{
    return endpoint_parse(text, at_offset(object, key->offset), e);
}

static void endpoint_clear(const struct config_key *key, void *object)
{
    *(struct endpoint *)at_offset(object, key->offset) = (struct endpoint){0};
}

static size_t endpoint_count(const struct config_key *key, const void *object)
{
    const struct endpoint *ep = at_coffset(object, key->offset);
    return ep->port != 0 || ep->path[0] != '\0';
}

static void endpoint_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    char buf[ENDPOINT_TEXT_MAX];
    (void)item;
    strbuf_adds(out, endpoint_text(at_coffset(object, key->offset), buf));
}

static int endpoints_read(
    const struct config_key *key, const char *text, void *object, struct err *e)
{
    struct endpoint *all = at_offset(object, key->offset);
    unsigned *n = at_offset(object, key->offset_n);
    unsigned count = *n;
    struct strlist words = {0};
    int r = config_words_split(text, &words, e);
    for (size_t i = 0; r == 0 && i < words.n; i++) {
        struct endpoint ep;
        r = endpoint_parse(words.items[i], &ep, e);
        for (unsigned k = 0; r == 0 && k < count; k++) {
            if (endpoint_equal(&all[k], &ep))
                r = err_set(e, -EINVAL, "\"%.80s\" stands twice", words.items[i]);
        }
        if (r == 0 && count == LIMIT_LISTEN)
            r = err_set(e, -EINVAL, "more than %d addresses", LIMIT_LISTEN);
        if (r == 0)
            all[count++] = ep;
    }
    strlist_fini(&words);
    if (r == 0)
        *n = count;
    return r;
}

static void endpoints_clear(const struct config_key *key, void *object)
{
    *(unsigned *)at_offset(object, key->offset_n) = 0;
}

static size_t endpoints_count(const struct config_key *key, const void *object)
{
    return *(const unsigned *)at_coffset(object, key->offset_n);
}

static void endpoints_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    const struct endpoint *all = at_coffset(object, key->offset);
    char buf[ENDPOINT_TEXT_MAX];
    strbuf_adds(out, endpoint_text(&all[item], buf));
}

/* The kinds of callers in the order in which they are written. */
static bool *waitfor_bit(struct drain_conf *drain, size_t kind)
{
    bool *const bits[] = {
        &drain->wait_connections,
        &drain->wait_tasks,
        &drain->wait_sessions,
    };
    return bits[kind];
}

static int waitfor_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    struct drain_conf next = *(struct drain_conf *)at_offset(object, key->offset);
    struct strlist words = {0};
    int r = config_words_split(text, &words, e);
    for (size_t i = 0; r == 0 && i < words.n; i++) {
        const struct config_choice *c = config_choice_find(key->choices, words.items[i]);
        const char *nearest = c ? NULL : config_choice_nearest(key->choices, words.items[i]);
        if (c)
            *waitfor_bit(&next, (size_t)c->value) = true;
        else
            r = err_set(e, -EINVAL, "\"%.80s\" is unknown, %s%s%s", words.items[i],
                nearest ? "did you mean \"" : "it is any of connections tasks sessions",
                nearest ? nearest : "", nearest ? "\"?" : "");
    }
    strlist_fini(&words);
    if (r == 0)
        *(struct drain_conf *)at_offset(object, key->offset) = next;
    return r;
}

static void waitfor_clear(const struct config_key *key, void *object)
{
    for (const struct config_choice *c = key->choices; c->word; c++)
        *waitfor_bit(at_offset(object, key->offset), (size_t)c->value) = false;
}

/* The kind that is the item-th of those waited for. */
static const struct config_choice *waitfor_item(
    const struct config_key *key, const void *object, size_t item)
{
    struct drain_conf drain = *(const struct drain_conf *)at_coffset(object, key->offset);
    const struct config_choice *c = key->choices;
    for (size_t seen = 0; c->word; c++) {
        if (*waitfor_bit(&drain, (size_t)c->value) && seen++ == item)
            break;
    }
    return c;
}

static size_t waitfor_count(const struct config_key *key, const void *object)
{
    size_t n = 0;
    while (waitfor_item(key, object, n)->word)
        n++;
    return n;
}

static void waitfor_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    strbuf_adds(out, waitfor_item(key, object, item)->word);
}

const struct config_type config_type_list = {
    .name = "list",
    .list = true,
    .words = true,
    .read = list_read,
    .clear = list_clear,
    .count = list_count,
    .write = list_write,
};
const struct config_type config_type_texts = {
    .name = "text, any number",
    .list = true,
    .read = texts_read,
    .clear = list_clear,
    .count = list_count,
    .write = list_write,
};
const struct config_type config_type_command = {
    .name = "command",
    .words = true,
    .read = command_read,
    .clear = list_clear,
    .count = list_count,
    .write = list_write,
};
const struct config_type config_type_endpoint = {
    .name = "address",
    .read = endpoint_read,
    .clear = endpoint_clear,
    .count = endpoint_count,
    .write = endpoint_write,
};
const struct config_type config_type_endpoints = {
    .name = "list of addresses",
    .list = true,
    .words = true,
    .read = endpoints_read,
    .clear = endpoints_clear,
    .count = endpoints_count,
    .write = endpoints_write,
};
const struct config_type config_type_waitfor = {
    .name = "list of words",
    .list = true,
    .words = true,
    .read = waitfor_read,
    .clear = waitfor_clear,
    .count = waitfor_count,
    .write = waitfor_write,
};
