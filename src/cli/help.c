/* The help. */
#include "cli/help.h"

#include "cli/options.h"
#include "cli/say.h"
#include "voxkeeper/control.h"

#include <stdio.h>
#include <string.h>

/* "  --reason TEXT" padded, and its explanation. */
static void write_option(struct strbuf *out, enum cli_option o)
{
    char left[64];
    const char *argument = option_argument(o);
    if (argument && argument[0] == '[')
        snprintf(left, sizeof left, "--%s[=%s", option_name(o), argument + 1);
    else
        snprintf(left, sizeof left, "--%s%s%s", option_name(o), argument ? "=" : "",
            argument ? argument : "");
    strbuf_addf(out, "  %-18s  %s\n", left, option_doc(o));
}

static void write_options(struct strbuf *out, uint64_t options)
{
    for (int o = 0; o < OPTION_COUNT; o++) {
        if (options & OPTION_BIT_OF(o))
            write_option(out, (enum cli_option)o);
    }
}

static void write_exit_codes(struct strbuf *out)
{
    strbuf_adds(out, "\nExit codes:\n"
                     "  0  done\n"
                     "  1  refused or failed; the reason is printed\n"
                     "  2  the command line is wrong\n"
                     "  3  no voxkeeperd answers on the control socket\n"
                     "  4  rolled back: the old state serves\n"
                     "  5  no verdict in time; voxkeeperd goes on\n"
                     "Ctrl-C stops the waiting only, but ends a sweep (killed by SIGINT, 130 in a\n"
                     "shell).\n");
}

void help_all(struct strbuf *out)
{
    strbuf_adds(out, "Usage: voxkeeper [OPTIONS] VERB [OPTIONS]\n"
                     "Keeps a voice agent answering: talks to voxkeeperd on its control socket.\n"
                     "\nVerbs:\n");
    for (size_t i = 0; i < N_VERBS; i++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s", VERBS[i].name, VERBS[i].operand ? " " : "",
            VERBS[i].operand ? VERBS[i].operand : "");
        strbuf_addf(out, "  %-18s  %s\n", left, VERBS[i].summary);
    }
    strbuf_adds(out, "\nOptions, before or after the verb:\n");
    write_options(out, OPTIONS_GLOBAL);
    strbuf_adds(out, "\nThe socket is " VK_CONTROL_SOCKET " unless --socket= or, in the\n"
                     "environment, VOXKEEPER_SOCKET= says otherwise.\n");
    write_exit_codes(out);
}

void help_verb(struct strbuf *out, const struct verb *verb)
{
    strbuf_addf(out, "Usage: voxkeeper %s%s%s%s\n", verb->name, verb->options ? " [OPTIONS]" : "",
        verb->operand ? " " : "", verb->operand ? verb->operand : "");
    strbuf_addf(out, "voxkeeper %s: %s\n", verb->name, verb->summary);
    if (verb->details[0])
        strbuf_addf(out, "\n%s", verb->details);
    strbuf_adds(out, "\nOptions:\n");
    write_options(out, verb->options | OPTIONS_EVERYWHERE);
    write_exit_codes(out);
}

int cli_help(const struct cli *cli, const struct cli_args *args)
{
    (void)cli;
    struct strbuf out = STRBUF_INIT;
    const struct verb *verb = args->operand ? verb_find(args->operand) : NULL;
    if (args->operand && !verb) {
        say_error("\"%s\" is no verb; see: voxkeeper --help", args->operand);
        return VK_EXIT_USAGE;
    }
    if (verb)
        help_verb(&out, verb);
    else
        help_all(&out);
    say_print(&out);
    return VK_EXIT_DONE;
}
