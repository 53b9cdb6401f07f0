/* The effective configuration as a file, and as JSON. */
#include "core/config/config_object.h"
#include "core/config/config_words.h"

#include "base/checksum.h"
#include "base/text.h"

#include <string.h>

/* A list stands with one item a line: it reads better, and no line grows too long. */
static void write_list(const struct config_key *key, const void *object,
    enum config_secrets secrets, struct strbuf *out)
{
    size_t n = key->type->count(key, object);
    if (n == 0)
        strbuf_addf(out, "%s=\n", key->name);
    for (size_t i = 0; i < n; i++) {
        struct strbuf item = STRBUF_INIT;
        config_item_write(key, object, i, secrets, &item);
        strbuf_addf(out, "%s=", key->name);
        if (key->type->words)
            config_word_write(out, strbuf_text(&item));
        else
            strbuf_adds(out, strbuf_text(&item));
        strbuf_addc(out, '\n');
        out->failed = out->failed || item.failed;
        strbuf_fini(&item);
    }
}

static void write_key(const struct config_key *key, const void *object, enum config_secrets secrets,
    struct strbuf *out)
{
    if (!object)
        return;
    if (key->type->list) {
        write_list(key, object, secrets, out);
    } else if (key->type->count(key, object) > 0) {
        strbuf_addf(out, "%s=", key->name);
        config_value_write(key, object, secrets, out);
        strbuf_addc(out, '\n');
    }
}

void config_write(const struct config *c, enum config_secrets secrets, struct strbuf *out)
{
    struct config_instance it;
    for (size_t n = 0; config_instance_at(c, n, &it); n++) {
        if (n > 0)
            strbuf_addc(out, '\n');
        config_instance_write(&it, out);
        strbuf_addc(out, '\n');
        for (size_t i = 0; i < config_n_keys; i++) {
            const struct config_key *key = &config_keys[i];
            if (strcmp(key->section, it.section->name) == 0)
                write_key(key, config_object(c, key, it.index), secrets, out);
        }
    }
}

static void json_item(
    const struct config_key *key, const void *object, size_t item, struct strbuf *out)
{
    struct strbuf text = STRBUF_INIT;
    config_item_write(key, object, item, CONFIG_SECRETS_MASK, &text);
    text_json(out, strbuf_text(&text), text.len);
    out->failed = out->failed || text.failed;
    strbuf_fini(&text);
}

/* A key without a value is null. */
uint64_t config_sum(const struct config *c)
{
    struct strbuf text = STRBUF_INIT;
    config_write(c, CONFIG_SECRETS_REVEAL, &text);
    /* Saved as a number that every reader of JSON takes. */
    uint64_t sum =
        text.failed ? 0 : checksum_add(CHECKSUM_START, strbuf_text(&text), text.len) >> 1 | 1;
    strbuf_fini(&text);
    return sum;
}

static void json_key(const struct config_key *key, const void *object, struct strbuf *out)
{
    size_t n = object ? key->type->count(key, object) : 0;
    strbuf_addf(out, "\"%s\":", key->name);
    if (!key->type->words && !key->type->list) {
        if (n > 0)
            json_item(key, object, 0, out);
        else
            strbuf_adds(out, "null");
        return;
    }
    strbuf_addc(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            strbuf_addc(out, ',');
        json_item(key, object, i, out);
    }
    strbuf_addc(out, ']');
}

void config_write_json(const struct config *c, struct strbuf *out)
{
    struct config_instance it;
    strbuf_addc(out, '{');
    for (size_t n = 0; config_instance_at(c, n, &it); n++) {
        const char *comma = "";
        strbuf_addf(out, "%s\"%s%s%s\":{", n > 0 ? "," : "", it.section->name, it.name ? " " : "",
            it.name ? it.name : "");
        for (size_t i = 0; i < config_n_keys; i++) {
            const struct config_key *key = &config_keys[i];
            if (strcmp(key->section, it.section->name) != 0)
                continue;
            strbuf_adds(out, comma);
            json_key(key, config_object(c, key, it.index), out);
            comma = ",";
        }
        strbuf_addc(out, '}');
    }
    strbuf_addc(out, '}');
}
