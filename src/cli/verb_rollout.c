/* The verb about rollouts: looks, or steers. */
#include "base/names.h"
#include "cli/cli.h"
#include "cli/operation.h"
#include "cli/say.h"
#include "cli/view.h"
#include "voxkeeper/control.h"

static const struct {
    const char *word;
    const char *name;
    const char *path;
} ACTIONS[] = {
    {"cancel", "rollout cancel", VK_API_ROLLOUT_CANCEL},
    {"promote", "rollout promote", VK_API_ROLLOUT_PROMOTE},
    {"abort", "rollout abort", VK_API_ROLLOUT_ABORT},
};

int cli_rollout(const struct cli *cli, const struct cli_args *args)
{
    if (!args->operand) {
        if (!args->reason && args->timeout == USEC_INFINITY)
            return cli_show(cli, VK_API_ROLLOUT, NULL, view_rollout);
        say_error("--reason and --timeout belong to an action: cancel, promote or abort");
        return VK_EXIT_USAGE;
    }
    int i = ROWS_FIND(ACTIONS, word, args->operand);
    if (i >= 0)
        return cli_ask(cli, args, ACTIONS[i].name, ACTIONS[i].path);
    say_error("\"%s\" is nothing that a rollout can do; it is one of: cancel, promote, abort",
        args->operand);
    return VK_EXIT_USAGE;
}
