/* Reading the command line. */
#include "cli/options.h"

#include "base/names.h"
#include "base/num.h"
#include "base/text.h"
#include "cli/say.h"
#include "cli/team.h"
#include "voxkeeper/control.h"
#include "voxkeeper/events.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { EVENT_NEAR = 4 };

static const struct {
    const char *name;
    const char *argument;
    const char *doc;
} TABLE[] = {
#define X(symbol, name, argument, doc) [OPTION_##symbol] = {name, argument, doc},
    OPTIONS(X)
#undef X
};

const char *option_name(enum cli_option o)
{
    return TABLE[o].name;
}

const char *option_argument(enum cli_option o)
{
    return TABLE[o].argument;
}

const char *option_doc(enum cli_option o)
{
    return TABLE[o].doc;
}

static const char *const EVENT_NAMES[] = {
#define X(symbol, name, id, level, anchor) name,
    VK_EVENTS(X)
#undef X
};

static const char *near_event(const char *text)
{
    const char *nearest = NULL;
    unsigned best = EVENT_NEAR;
    for (size_t i = 0; i < sizeof EVENT_NAMES / sizeof *EVENT_NAMES; i++) {
        unsigned distance = text_distance(text, EVENT_NAMES[i], best);
        if (distance < best) {
            best = distance;
            nearest = EVENT_NAMES[i];
        }
    }
    return nearest;
}

static int set_timeout(struct command *c, const char *text)
{
    if (span_parse(text, &c->args.timeout) == 0 && c->args.timeout > 0)
        return 0;
    say_error("--timeout=%s is not a time span such as 30s or 5min", text);
    return VK_EXIT_USAGE;
}

static int set_older_than(struct command *c, const char *text)
{
    usec_t span;
    c->args.older_than = text;
    if (span_parse(text, &span) == 0)
        return 0;
    say_error("--older-than=%s is not a time span such as 2h or 3d", text);
    return VK_EXIT_USAGE;
}

static int set_reason(struct command *c, const char *text)
{
    c->args.reason = text;
    if (strlen(text) <= VK_REASON_MAX)
        return 0;
    say_error("--reason is longer than %d bytes", (int)VK_REASON_MAX);
    return VK_EXIT_USAGE;
}

static int set_override(struct command *c, const char *text)
{
    c->args.override_reason = text;
    if (strlen(text) <= VK_REASON_MAX && text[strspn(text, " \t\r\n")])
        return 0;
    say_error("--override wants a reason of at most %d bytes", (int)VK_REASON_MAX);
    return VK_EXIT_USAGE;
}

static int check_words(const char *option, const char *text)
{
    if (strlen(text) <= VK_TEAM_TEXT_MAX && text[strspn(text, " \t")] && !strpbrk(text, "\r\n"))
        return 0;
    say_error("--%s wants one line of at most %d bytes", option, (int)VK_TEAM_TEXT_MAX);
    return VK_EXIT_USAGE;
}

static int set_eta(struct command *c, const char *text)
{
    struct strbuf unused = STRBUF_INIT;
    bool good = team_write_eta(text, &unused);
    strbuf_fini(&unused);
    c->args.eta = text;
    if (good)
        return 0;
    say_error("--eta=%s is not a time to come, such as 20min, 18:30 or 2026-01-02 18:30", text);
    return VK_EXIT_USAGE;
}

static int set_wait(struct command *c, const char *text)
{
    c->args.wait = true;
    if (!text || strcmp(text, "applied") == 0)
        return 0;
    say_error("--wait=%s: only \"applied\" can be waited for", text);
    return VK_EXIT_USAGE;
}

static int set_limit(struct command *c, const char *text)
{
    if (num_parse_u64(text, 1, UINT32_MAX, &c->args.limit) == 0)
        return 0;
    say_error("--limit=%s is not a number above 0", text);
    return VK_EXIT_USAGE;
}

static int set_sort(struct command *c, const char *text)
{
    c->args.sort = text;
    if (strcmp(text, "age") == 0 || strcmp(text, "ttl") == 0)
        return 0;
    say_error("--sort=%s: keys are sorted by age or ttl", text);
    return VK_EXIT_USAGE;
}

static int set_worker(struct command *c, const char *text)
{
    uint64_t number;
    c->args.worker = text;
    if (num_parse_u64(text, 1, UINT32_MAX, &number) == 0)
        return 0;
    say_error("--worker=%s is not the number of a worker, from 1", text);
    return VK_EXIT_USAGE;
}

static int set_event(struct command *c, const char *text)
{
    c->args.event = text;
    if (NAMES_FIND(EVENT_NAMES, text) >= 0)
        return 0;
    const char *near = near_event(text);
    if (near)
        say_error("--event=%s: no event has that name, did you mean \"%s\"?", text, near);
    else
        say_error("--event=%s: no event has that name; docs/events.md lists them", text);
    return VK_EXIT_USAGE;
}

static int set_lines(struct command *c, const char *text)
{
    if (num_parse_u64(text, 1, UINT32_MAX, &c->args.lines) == 0)
        return 0;
    say_error("--lines=%s is not a number above 0", text);
    return VK_EXIT_USAGE;
}

static int set_option(struct command *c, enum cli_option o, const char *text)
{
    switch (o) {
    case OPTION_SOCKET:
        c->cli.socket = text;
        return 0;
    case OPTION_JSON:
        c->cli.json = true;
        return 0;
    case OPTION_NO_COLOR:
        c->cli.color = false;
        return 0;
    case OPTION_HELP:
        c->help = true;
        return 0;
    case OPTION_VERSION:
        c->version = true;
        return 0;
    case OPTION_REASON:
        return set_reason(c, text);
    case OPTION_TIMEOUT:
        return set_timeout(c, text);
    case OPTION_WAIT:
        return set_wait(c, text);
    case OPTION_DRY_RUN:
        c->args.dry_run = true;
        return 0;
    case OPTION_KEYSPACE:
        c->args.keyspace = text;
        return 0;
    case OPTION_OLDER_THAN:
        return set_older_than(c, text);
    case OPTION_KEY:
        c->args.key = text;
        return 0;
    case OPTION_REPLACE:
        c->args.replace = true;
        return 0;
    case OPTION_CONFIRM:
        c->args.confirm = text;
        return 0;
    case OPTION_LIMIT:
        return set_limit(c, text);
    case OPTION_NO_BACKUP:
        c->args.no_backup = true;
        return 0;
    case OPTION_WATCH:
        c->args.watch = true;
        return 0;
    case OPTION_STUCK:
        c->args.stuck = true;
        return 0;
    case OPTION_SORT:
        return set_sort(c, text);
    case OPTION_FOLLOW:
        c->args.follow = true;
        return 0;
    case OPTION_WORKER:
        return set_worker(c, text);
    case OPTION_EVENT:
        return set_event(c, text);
    case OPTION_SINCE:
        c->args.since = text;
        return 0;
    case OPTION_LINES:
        return set_lines(c, text);
    case OPTION_OUTPUT:
        c->args.output = text;
        return 0;
    case OPTION_CHECK:
        c->args.check = true;
        return 0;
    case OPTION_FORCE:
        c->args.force = true;
        return 0;
    case OPTION_AUTHOR:
        c->args.author = text;
        return 0;
    case OPTION_KIND:
        c->args.kind = text;
        return 0;
    case OPTION_CONFIG:
        c->args.config = text;
        return 0;
    case OPTION_RELEASE:
        c->args.release = text;
        return check_words("release", text);
    case OPTION_RESPONSIBLE:
        c->args.responsible = text;
        return check_words("responsible", text);
    case OPTION_ETA:
        return set_eta(c, text);
    case OPTION_PREFLIGHT:
        c->args.preflight = true;
        return 0;
    case OPTION_OVERRIDE:
        return set_override(c, text);
    case OPTION_JUNIT:
        c->args.junit = text;
        return 0;
    case OPTION_DEFAULT:
        c->args.as_configured = true;
        return 0;
    case OPTION_COUNT:
        break;
    }
    return VK_EXIT_USAGE;
}

static int refuse(const struct command *c, const char *written, const char *wrong)
{
    say_error("%s %s; see: voxkeeper help%s%s", written, wrong, c->verb ? " " : "",
        c->verb ? c->verb->name : "");
    return VK_EXIT_USAGE;
}

static int has_argument(enum cli_option o)
{
    const char *argument = TABLE[o].argument;
    if (!argument)
        return no_argument;
    return argument[0] == '[' ? optional_argument : required_argument;
}

/*
 * Reads the options in `allowed`; argv[0] is skipped. Returns the place of the first operand, or
 * -1 and has said what is wrong.
 */
static int read_options(struct command *c, uint64_t allowed, int argc, char **argv)
{
    struct option longs[OPTION_COUNT + 1] = {0};
    size_t n = 0;
    for (int o = 0; o < OPTION_COUNT; o++) {
        if (allowed & OPTION_BIT_OF(o))
            longs[n++] = (struct option){
                .name = TABLE[o].name, .has_arg = has_argument((enum cli_option)o), .val = o};
    }
    /* '+': stop at the first operand; ':': tell a missing value from an unknown option. */
    const char *shorts = allowed & OPTION_BIT(FOLLOW)   ? "+:hf"
                         : allowed & OPTION_BIT(OUTPUT) ? "+:ho:"
                                                        : "+:h";
    opterr = 0;
    optind = 0; /* glibc: begin anew */
    for (;;) {
        const char *written = argv[optind ? optind : 1];
        int o = getopt_long(argc, argv, shorts, longs, NULL);
        if (o == -1)
            return optind;
        if (o == '?')
            return -refuse(c, written, "is no option here");
        if (o == ':')
            return -refuse(c, written, "needs a value");
        if (o == 'h' || o == 'f' || o == 'o')
            o = o == 'h' ? OPTION_HELP : o == 'f' ? OPTION_FOLLOW : OPTION_OUTPUT;
        int rc = set_option(c, (enum cli_option)o, optarg);
        if (rc != 0)
            return -rc;
    }
}

static int find_verb(struct command *c, const char *name)
{
    c->verb = verb_find(name);
    if (c->verb)
        return 0;
    const struct verb *near = verb_near(name);
    if (near)
        say_error("\"%s\" is no verb, did you mean \"%s\"?", name, near->name);
    else
        say_error("\"%s\" is no verb; see: voxkeeper --help", name);
    return VK_EXIT_USAGE;
}

/* A verb takes as many as its help has words for. */
static bool take_operand(struct command *c, const char *text)
{
    const char *words = c->verb->operand;
    bool two = words && strchr(words, ' ');
    if (words && !c->args.operand)
        c->args.operand = text;
    else if (two && !c->args.second)
        c->args.second = text;
    else
        return false;
    return true;
}

int command_parse(struct command *c, int argc, char **argv)
{
    const char *socket = getenv("VOXKEEPER_SOCKET");
    *c = (struct command){
        .cli = {.socket = socket && socket[0] ? socket : VK_CONTROL_SOCKET,
            .color = say_wants_color()},
        .args = {.timeout = USEC_INFINITY},
    };
    int first = read_options(c, OPTIONS_GLOBAL, argc, argv);
    if (first < 0)
        return -first;
    if (first >= argc)
        return 0;
    if (find_verb(c, argv[first]) != 0)
        return VK_EXIT_USAGE;
    argc -= first;
    argv += first;
    for (;;) {
        int operand = read_options(c, OPTIONS_EVERYWHERE | c->verb->options, argc, argv);
        if (operand < 0)
            return -operand;
        if (operand >= argc)
            return 0;
        if (!take_operand(c, argv[operand]))
            return refuse(c, argv[operand], "is not expected here");
        /* Options may follow it. */
        argc -= operand;
        argv += operand;
    }
}
