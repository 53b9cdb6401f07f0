/* The reference of every key, from the table. */
#include "core/config/config_table.h"

#include "core/config/config_size.h"
#include "core/config/config_type.h"

#include <string.h>

const char *config_change_text(enum config_change change)
{
    switch (change) {
    case CONFIG_CHANGE_NONE:
        return "nothing";
    case CONFIG_CHANGE_LIVE:
        return "at once";
    case CONFIG_CHANGE_WORKERS:
        return "restarts workers";
    case CONFIG_CHANGE_DAEMON:
        return "needs a daemon restart";
    }
    return "";
}

/* A bar would end the cell. */
static void write_cell(const char *text, struct strbuf *out)
{
    for (const char *p = text; *p; p++) {
        if (*p == '|')
            strbuf_addc(out, '\\');
        strbuf_addc(out, *p);
    }
}

void config_key_write_type(const struct config_key *key, struct strbuf *out)
{
    strbuf_adds(out, key->type->name);
    for (const struct config_choice *c = key->choices; c && c->word; c++)
        strbuf_addf(out, "%s`%s`", c == key->choices ? ": " : ", ", c->word);
    if (key->type == &config_type_share)
        strbuf_addf(out, ", %llu to %llu or 1%% to 100%%", (unsigned long long)key->min,
            (unsigned long long)key->max);
    if (key->type == &config_type_unsigned || key->type == &config_type_factor)
        strbuf_addf(
            out, ", %llu to %llu", (unsigned long long)key->min, (unsigned long long)key->max);
    if (key->type == &config_type_size) {
        strbuf_adds(out, ", ");
        config_size_format(key->min, out);
        strbuf_adds(out, " to ");
        config_size_format(key->max, out);
    }
    if (key->type == &config_type_span) {
        char min[SPAN_TEXT_MAX];
        char max[SPAN_TEXT_MAX];
        strbuf_addf(out, ", %s to %s", span_format(key->min, min), span_format(key->max, max));
    }
}

static void write_key(const struct config_key *key, struct strbuf *out)
{
    strbuf_addf(out, "| `%s` | ", key->name);
    config_key_write_type(key, out);
    strbuf_addf(out, " | %s%s%s | %s | ", key->preset ? "`" : "", key->preset ? key->preset : "",
        key->preset ? "`" : "", config_change_text(key->change));
    write_cell(key->doc, out);
    strbuf_adds(out, " |\n");
}

void config_write_reference(struct strbuf *out)
{
    for (size_t s = 0; s < config_n_sections; s++) {
        const struct config_section *section = &config_sections[s];
        strbuf_addf(out, "%s### [%s%s]\n\n%s\n\n", s > 0 ? "\n" : "", section->name,
            section->named ? " NAME" : "", section->doc);
        strbuf_adds(out, "| Key | Value | Default | A change | Meaning |\n|---|---|---|---|---|\n");
        for (size_t i = 0; i < config_n_keys; i++) {
            if (strcmp(config_keys[i].section, section->name) == 0)
                write_key(&config_keys[i], out);
        }
    }
}
