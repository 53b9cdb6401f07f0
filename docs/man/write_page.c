/*
 * write_page TEMPLATE: a man page with its tables. A line @VERBS@, @OPTIONS@ or @KEYS@ becomes the
 * table of verbs and of options of the operator's command, or of the configuration's keys;
 * @VERSION@ stands for the version anywhere.
 */
#include "build_config.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "core/config/config_table.h"
#include "man/roff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_option_name(struct strbuf *out, enum cli_option o)
{
    const char *argument = option_argument(o);
    strbuf_adds(out, "\\fB\\-\\-");
    roff_plain(out, option_name(o));
    strbuf_adds(out, "\\fR");
    if (!argument)
        return;
    bool optional = argument[0] == '[';
    strbuf_adds(out, optional ? "[=" : "=");
    strbuf_adds(out, "\\fI");
    for (const char *c = argument + optional; *c && *c != ']'; c++)
        strbuf_addc(out, *c);
    strbuf_adds(out, "\\fR");
    strbuf_adds(out, optional ? "]" : "");
}

/* Ends a description that does not end itself. */
static void write_sentence(struct strbuf *out, const char *text)
{
    size_t len = strlen(text);
    if (len > 0 && text[0] >= 'a' && text[0] <= 'z') {
        char first[2] = {(char)(text[0] - 'a' + 'A'), '\0'};
        strbuf_adds(out, first);
        text++;
    }
    roff_text(out, text);
    strbuf_adds(out, len > 0 && text[strlen(text) - 1] != '.' ? ".\n" : "\n");
}

/* Whole lines; those that begin with blanks are shown as they stand. */
static void write_lines(struct strbuf *out, const char *text)
{
    bool kept = false;
    while (*text) {
        size_t len = strcspn(text, "\n");
        char *line = strndup(text, len);
        bool keep = line && line[0] == ' ';
        if (keep != kept)
            strbuf_adds(out, keep ? ".nf\n" : ".fi\n");
        kept = keep;
        roff_plain(out, line ? line : "");
        strbuf_addc(out, '\n');
        free(line);
        text += len + (text[len] == '\n');
    }
    strbuf_adds(out, kept ? ".fi\n" : "");
}

static void write_verb(struct strbuf *out, const struct verb *verb)
{
    strbuf_adds(out, ".TP\n\\fB");
    roff_plain(out, verb->name);
    strbuf_adds(out, "\\fR");
    if (verb->operand) {
        strbuf_adds(out, " \\fI");
        roff_plain(out, verb->operand);
        strbuf_adds(out, "\\fR");
    }
    strbuf_addc(out, '\n');
    write_sentence(out, verb->summary);
    write_lines(out, verb->details);
    if (!verb->options)
        return;
    strbuf_adds(out, ".br\nOptions:");
    for (int o = 0, n = 0; o < OPTION_COUNT; o++) {
        if (!(verb->options & OPTION_BIT_OF(o)))
            continue;
        strbuf_adds(out, n++ > 0 ? ",\n" : "\n");
        write_option_name(out, (enum cli_option)o);
    }
    strbuf_adds(out, ".\n");
}

static void write_verbs(struct strbuf *out)
{
    for (size_t i = 0; i < N_VERBS; i++)
        write_verb(out, &VERBS[i]);
}

static void write_whose(struct strbuf *out, enum cli_option o)
{
    if (OPTIONS_GLOBAL & OPTION_BIT_OF(o)) {
        strbuf_adds(out, o == OPTION_VERSION ? "Without a verb.\n" : "With every verb.\n");
        return;
    }
    strbuf_adds(out, "With");
    for (size_t i = 0, n = 0; i < N_VERBS; i++) {
        if (!(VERBS[i].options & OPTION_BIT_OF(o)))
            continue;
        strbuf_adds(out, n++ > 0 ? ",\n\\fB" : "\n\\fB");
        roff_plain(out, VERBS[i].name);
        strbuf_adds(out, "\\fR");
    }
    strbuf_adds(out, ".\n");
}

static void write_options(struct strbuf *out)
{
    for (int o = 0; o < OPTION_COUNT; o++) {
        strbuf_adds(out, ".TP\n");
        write_option_name(out, (enum cli_option)o);
        strbuf_addc(out, '\n');
        write_sentence(out, option_doc((enum cli_option)o));
        write_whose(out, (enum cli_option)o);
    }
}

static void write_key(struct strbuf *out, const struct config_key *key)
{
    struct strbuf type = STRBUF_INIT;
    strbuf_adds(out, ".TP\n\\fB");
    roff_plain(out, key->name);
    strbuf_adds(out, "=\\fR\n");
    write_sentence(out, key->doc);
    strbuf_adds(out, ".br\n");
    config_key_write_type(key, &type);
    strbuf_adds(&type, key->preset && key->preset[0] ? "; default `" : "");
    strbuf_adds(&type, key->preset ? key->preset : "");
    strbuf_adds(&type, key->preset && key->preset[0] ? "`" : "");
    strbuf_addf(&type, "; a change: %s", config_change_text(key->change));
    write_sentence(out, strbuf_text(&type));
    strbuf_fini(&type);
}

static void write_keys(struct strbuf *out)
{
    for (size_t s = 0; s < config_n_sections; s++) {
        const struct config_section *section = &config_sections[s];
        strbuf_addf(out, ".SS \"[%s%s]\"\n", section->name, section->named ? " NAME" : "");
        write_sentence(out, section->doc);
        for (size_t i = 0; i < config_n_keys; i++) {
            if (strcmp(config_keys[i].section, section->name) == 0)
                write_key(out, &config_keys[i]);
        }
    }
}

static void write_line(struct strbuf *out, const char *line)
{
    static const char version[] = "@VERSION@";
    const char *at = strstr(line, version);
    if (strcmp(line, "@VERBS@\n") == 0)
        write_verbs(out);
    else if (strcmp(line, "@OPTIONS@\n") == 0)
        write_options(out);
    else if (strcmp(line, "@KEYS@\n") == 0)
        write_keys(out);
    else if (at)
        strbuf_addf(
            out, "%.*s" VOXKEEPER_VERSION "%s", (int)(at - line), line, at + strlen(version));
    else
        strbuf_adds(out, line);
}

int main(int argc, char **argv)
{
    struct strbuf text = STRBUF_INIT;
    struct strbuf out = STRBUF_INIT;
    char *line = NULL;
    size_t size = 0;
    FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!f) {
        fprintf(stderr, "write_page: one template that can be read is needed\n");
        return 2;
    }
    while (getline(&line, &size, f) > 0)
        write_line(&text, line);
    free(line);
    roff_wrap(&out, strbuf_text(&text));
    bool whole = !ferror(f) && !text.failed && !out.failed;
    strbuf_fini(&text);
    fclose(f);
    whole = fwrite(strbuf_text(&out), 1, out.len, stdout) == out.len && whole;
    strbuf_fini(&out);
    return fflush(stdout) == 0 && whole ? 0 : 1;
}
