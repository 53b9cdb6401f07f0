/* The keyspaces of the agent, which are swept when none is configured. */
#include "core/config_table.h"

const struct config_builtin config_builtins[] = {
    {"sessions", "Pattern", "elevenlabs:session:*"},
    {"sessions", "Kind", "session"},
    {"sessions", "ExpectTTL", "1h"},
    {"sessions", "MaxAge", "24h"},
    {"sessions", "AgeFields", "lastAccessedAt createdAt"},
    {"sessions", "Action", "delete"},
    {"tasks", "Pattern", "cursor_task:*"},
    {"tasks", "Kind", "task"},
    {"tasks", "ExpectTTL", "24h"},
    {"tasks", "MaxAge", "24h"},
    {"tasks", "AgeFields", "completedAt createdAt"},
    {"tasks", "Action", "delete"},
};
const size_t config_n_builtins = sizeof config_builtins / sizeof *config_builtins;
