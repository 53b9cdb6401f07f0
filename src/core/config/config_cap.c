/* Reading and writing MaxDelete=. */
#include "core/config/config_type.h"

#include "base/text.h"
#include "core/sweep/sweep_fuse.h"

#include <errno.h>
#include <string.h>

static struct sweep_cap *field(const struct config_key *key, void *object)
{
    return (struct sweep_cap *)((char *)object + key->offset);
}

static int cap_read(const struct config_key *key, const char *text, void *object, struct err *e)
{
    if (sweep_cap_parse(text, field(key, object)) == 0)
        return 0;
    struct strbuf shown = STRBUF_INIT;
    text_escape(&shown, text, strlen(text), 80);
    err_set(e, -EINVAL, "\"%s\" is no limit such as 10000, 20%%, both of them, or infinity",
        strbuf_text(&shown));
    strbuf_fini(&shown);
    return -EINVAL;
}

static void cap_clear(const struct config_key *key, void *object)
{
    *field(key, object) = (struct sweep_cap){0};
}

static size_t cap_count(const struct config_key *key, const void *object)
{
    (void)key;
    (void)object;
    return 1;
}

static void cap_write(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    (void)item;
    sweep_cap_format((const struct sweep_cap *)((const char *)object + key->offset), out);
}

const struct config_type config_type_cap = {
    .name = "number, percentage, or both",
    .read = cap_read,
    .clear = cap_clear,
    .count = cap_count,
    .write = cap_write,
};
