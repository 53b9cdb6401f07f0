/*
 * write_completion TEMPLATE COMMON: a shell's completion with its words. A line @COMMON@ becomes
 * what is in the file COMMON. @VERBS@, @EVENTS@ and @VALUED@ (options that want a value) become
 * words between blanks; a line @CASES@ becomes one `case` of the shell for each verb with its
 * options, a line @OPERANDS@ one with what follows it, a line @DESCRIBED_VERBS@ or
 * @DESCRIBED_OPTIONS@ quoted words `NAME:what it is` for zsh.
 */
#include "cli/options.h"
#include "cli/verbs.h"
#include "voxkeeper/events.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_verbs(void)
{
    for (size_t i = 0; i < N_VERBS; i++)
        printf("%s%s", i > 0 ? " " : "", VERBS[i].name);
}

static void write_events(void)
{
    static const char *const names[] = {
#define X(symbol, name, id, level, anchor) name,
        VK_EVENTS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        printf("%s%s", i > 0 ? " " : "", names[i]);
}

/* An option whose value may be left out takes it only behind '='. */
static bool takes_word(enum cli_option o)
{
    return option_argument(o) && option_argument(o)[0] != '[';
}

static void write_valued(void)
{
    const char *blank = "";
    for (int o = 0; o < OPTION_COUNT; o++) {
        if (takes_word((enum cli_option)o)) {
            printf("%s--%s", blank, option_name((enum cli_option)o));
            blank = " ";
        }
    }
}

static void write_options(uint64_t options)
{
    const char *blank = "";
    for (int o = 0; o < OPTION_COUNT; o++) {
        if (options & OPTION_BIT_OF(o)) {
            bool value = takes_word((enum cli_option)o);
            printf("%s--%s%s", blank, option_name((enum cli_option)o), value ? "=" : "");
            blank = " ";
        }
    }
}

static void write_cases(void)
{
    for (size_t i = 0; i < N_VERBS; i++) {
        printf("        %s) echo '", VERBS[i].name);
        write_options(VERBS[i].options | OPTIONS_EVERYWHERE);
        puts("' ;;");
    }
    fputs("        *) echo '", stdout);
    write_options(OPTIONS_GLOBAL);
    puts("' ;;");
}

/* "[FILE]" is a FILE as well. */
static void write_operands(void)
{
    for (size_t i = 0; i < N_VERBS; i++) {
        const char *operand = VERBS[i].operand;
        if (!operand)
            continue;
        operand += operand[0] == '[';
        printf("        %s) echo '%.*s' ;;\n", VERBS[i].name, (int)strcspn(operand, "] "), operand);
    }
}

/* Within '..', and with a ':' that does not end the name. */
static void write_described(const char *name, const char *text)
{
    printf("        '%s:", name);
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (*text == ':')
            fputs("\\:", stdout);
        else
            putchar(*text);
    }
    puts("'");
}

static const char *common; /* path of what @COMMON@ stands for */

static bool write_file(const char *path);

/* False if a file could not be read. */
static bool write_line(char *line)
{
    if (strcmp(line, "@COMMON@\n") == 0)
        return write_file(common);
    if (strcmp(line, "@CASES@\n") == 0) {
        write_cases();
        return true;
    }
    if (strcmp(line, "@OPERANDS@\n") == 0) {
        write_operands();
        return true;
    }
    if (strcmp(line, "@DESCRIBED_VERBS@\n") == 0) {
        for (size_t i = 0; i < N_VERBS; i++)
            write_described(VERBS[i].name, VERBS[i].summary);
        return true;
    }
    if (strcmp(line, "@DESCRIBED_OPTIONS@\n") == 0) {
        for (int o = 0; o < OPTION_COUNT; o++)
            write_described(option_name((enum cli_option)o), option_doc((enum cli_option)o));
        return true;
    }
    static const struct {
        const char *mark;
        void (*write)(void);
    } marks[] = {{"@VERBS@", write_verbs}, {"@EVENTS@", write_events}, {"@VALUED@", write_valued}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        char *at = strstr(line, marks[i].mark);
        if (!at)
            continue;
        fwrite(line, 1, (size_t)(at - line), stdout);
        marks[i].write();
        line = at + strlen(marks[i].mark);
    }
    fputs(line, stdout);
    return true;
}

static bool write_file(const char *path)
{
    char *line = NULL;
    size_t size = 0;
    FILE *f = fopen(path, "r");
    bool whole = f != NULL;
    while (whole && getline(&line, &size, f) > 0)
        whole = write_line(line);
    free(line);
    whole = whole && !ferror(f);
    if (f)
        fclose(f);
    return whole;
}

int main(int argc, char **argv)
{
    common = argc == 3 ? argv[2] : NULL;
    if (common && write_file(argv[1]) && fflush(stdout) == 0)
        return 0;
    fprintf(stderr, "write_completion: a template and what it includes are needed\n");
    return 2;
}
