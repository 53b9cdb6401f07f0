/* voxkeeper, the operator's command. */
#include "build_config.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/say.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

static int no_verb(void)
{
    say_error("no verb given; see: voxkeeper --help");
    return VK_EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    struct command c;
    struct strbuf out = STRBUF_INIT;
    int rc = command_parse(&c, argc, argv);
    if (rc != 0)
        return rc;
    if (c.version)
        strbuf_adds(&out, "voxkeeper " VOXKEEPER_VERSION "\n");
    else if (c.help && c.verb)
        help_verb(&out, c.verb);
    else if (c.help)
        help_all(&out);
    else if (c.verb)
        return c.verb->run(&c.cli, &c.args);
    else
        return no_verb();
    say_print(&out);
    return VK_EXIT_DONE;
}

int main(int argc, char **argv)
{
    /* Widths of characters; everything else stays as in the C locale. */
    setlocale(LC_CTYPE, "C.UTF-8");
    int rc = run(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        say_error("write to stdout: %s", strerrordesc_np(errno));
        return rc == VK_EXIT_DONE ? VK_EXIT_FAILED : rc;
    }
    return rc;
}
