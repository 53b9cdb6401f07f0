/* voxkeeperd: the command line. */
#include "base/err.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "build_config.h"
#include "core/config/config.h"
#include "daemon/daemon.h"
#include "daemon/succession/stop_post.h"
#include "daemon/succession/upgrade.h"
#include "daemon/verbs/verb_doctor.h"
#include "daemon/workers/load.h"
#include "io/journal/journal.h"
#include "io/keep/keeper.h"
#include "io/notify.h"
#include "io/sockets/inherited.h"
#include "voxkeeper/exit_codes.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_CONFIG VOXKEEPER_SYSCONFDIR "/voxkeeper/voxkeeper.conf"

struct options {
    const char *config_path;
    const char *keeper_path; /* NULL: a daemon */
    bool check_config;
    bool doctor;
    const char *check_state;
    int exit_code; /* >= 0: nothing is left to do */
};

static const char usage[] =
    "voxkeeperd [--config FILE] [--check-config | --check-state FILE]\n"
    "\n"
    "Keeps a voice agent answering. Runs in the foreground; SIGTERM drains and stops it, SIGHUP\n"
    "reloads the configuration, SIGUSR2 ends it and leaves the workers to the next one.\n"
    "\n"
    "  -c, --config FILE   the configuration; drop-ins are read from FILE.d/*.conf\n"
    "                      (default: " DEFAULT_CONFIG ")\n"
    "      --check-config  read and check it, say everything that is wrong, and exit\n"
    "      --check-state FILE\n"
    "                      tell whether this program can go on with the state in FILE, and exit\n"
    "      --doctor        look at what can be looked at while no daemon runs, print what is "
    "wrong\n"
    "                      as JSON, and exit; `voxkeeper doctor` does this by itself\n"
    "      --stop-post     (ExecStopPost= of the unit) end what a deliberate stop left behind\n"
    "      --keeper PATH   hold what outlives the daemon where there is no service manager; the\n"
    "                      daemon starts this itself\n"
    "      --version       print the version and exit\n"
    "  -h, --help          print this and exit\n"
    "\n"
    "Exit codes: 0 done, 64 wrong usage, 70 a fault of the system, 78 the configuration is "
    "refused.\n";

static struct options read_options(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'},
        {"check-config", no_argument, NULL, 'k'},
        {"check-state", required_argument, NULL, 's'},
        {"doctor", no_argument, NULL, 'd'},
        {"stop-post", no_argument, NULL, 'p'},
        {"keeper", required_argument, NULL, 'K'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct options o = {.config_path = DEFAULT_CONFIG, .exit_code = -1};
    int c = 0;
    while (o.exit_code < 0 && (c = getopt_long(argc, argv, "c:h", long_options, NULL)) != -1) {
        if (c == 'c') {
            o.config_path = optarg;
        } else if (c == 'k') {
            o.check_config = true;
        } else if (c == 's') {
            o.check_state = optarg;
        } else if (c == 'd') {
            o.doctor = true;
        } else if (c == 'p') {
            o.exit_code = stop_post();
        } else if (c == 'K') {
            o.keeper_path = optarg;
        } else if (c == 'v') {
            puts("voxkeeperd " VOXKEEPER_VERSION);
            o.exit_code = VKD_EXIT_DONE;
        } else if (c == 'h') {
            fputs(usage, stdout);
            o.exit_code = VKD_EXIT_DONE;
        } else {
            fputs("voxkeeperd: see `voxkeeperd --help`\n", stderr);
            o.exit_code = VKD_EXIT_USAGE;
        }
    }
    if (o.exit_code < 0 && optind < argc) {
        fprintf(stderr, "voxkeeperd: unexpected argument \"%s\"; see `voxkeeperd --help`\n",
            argv[optind]);
        o.exit_code = VKD_EXIT_USAGE;
    }
    return o;
}

static int run_keeper(const char *path)
{
    struct err e = {0};
    if (keeper_run(path, STDOUT_FILENO, &e) == 0)
        return VKD_EXIT_DONE;
    fprintf(stderr, "%s\n", e.msg);
    return VKD_EXIT_INTERNAL;
}

/* One line each. The journal takes what a service writes to stderr for mere information. */
static void complain(enum log_level level, const char *text)
{
    if (!journal_in_use()) {
        fputs(text, stderr);
        return;
    }
    while (*text) {
        size_t len = strcspn(text, "\n");
        log_printf(level, "%.*s", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

/* Until the loop hears them a signal would end us, and with us the handing over. */
static void block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static int check_config(const struct options *o)
{
    struct config *config = NULL;
    struct strbuf complaints = STRBUF_INIT;
    int r = load_config(o->config_path, &config, &complaints);
    complain(r < 0 ? LOG_LEVEL_ERR : LOG_LEVEL_WARNING, strbuf_text(&complaints));
    strbuf_fini(&complaints);
    config_free(config);
    if (r < 0)
        return VKD_EXIT_CONFIG;
    printf("%s: the configuration is good\n", o->config_path);
    return VKD_EXIT_DONE;
}

static int start(struct daemon *d, const struct options *o, struct inherited inherited)
{
    struct err e = {0};
    struct config *config = NULL;
    struct strbuf complaints = STRBUF_INIT;
    struct strbuf keeper = STRBUF_INIT;
    int r = load_config(o->config_path, &config, &complaints);
    complain(r < 0 ? LOG_LEVEL_ERR : LOG_LEVEL_WARNING, strbuf_text(&complaints));
    if (config)
        strbuf_adds(&keeper, config->admin.control_socket);
    else
        load_control_socket(o->config_path, &keeper);
    strbuf_adds(&keeper, ".keeper");
    r = daemon_init(d,
        &(struct daemon_start){.config_path = o->config_path,
            .config = config,
            .complaints = strbuf_text(&complaints),
            /* The first process of a container takes all others with it. */
            .keeper_socket = getpid() == 1 ? NULL : strbuf_text(&keeper),
            .inherited = inherited},
        &e);
    strbuf_fini(&complaints);
    strbuf_fini(&keeper);
    if (r == 0)
        return VKD_EXIT_DONE;
    if (r == -EBADMSG) {
        notify_errno(EINVAL, "the configuration is refused");
        return VKD_EXIT_CONFIG;
    }
    strbuf_addf(&complaints, "voxkeeperd: %s\n", e.msg);
    complain(LOG_LEVEL_ERR, strbuf_text(&complaints));
    strbuf_fini(&complaints);
    notify_errno(-r, e.msg);
    return VKD_EXIT_INTERNAL;
}

int main(int argc, char **argv)
{
    const struct options o = read_options(argc, argv);
    if (o.exit_code >= 0)
        return o.exit_code;
    if (o.check_state)
        return upgrade_check_state(o.check_state);
    if (o.doctor)
        return verb_doctor_alone(o.config_path);
    if (o.keeper_path)
        return run_keeper(o.keeper_path);
    block_signals();
    /* First of all, before a descriptor of ours could take one of their numbers. */
    struct inherited inherited;
    struct err not_inherited = {0};
    int r = inherited_read(&inherited, &not_inherited);
    journal_install("voxkeeperd", false);
    if (r < 0)
        log_printf(LOG_LEVEL_WARNING, "%s; going on without", not_inherited.msg);
    if (o.check_config)
        return check_config(&o);
    struct daemon d;
    r = start(&d, &o, inherited);
    if (r != VKD_EXIT_DONE)
        return r;
    daemon_begin(&d);
    while (daemon_loop(&d) == DAEMON_REPLACED)
        upgrade_exec(&d, argv);
    daemon_fini(&d);
    return VKD_EXIT_DONE;
}
