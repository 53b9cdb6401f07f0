/*
 * What is known of the agent: its keyspaces, which are swept when none is configured, and what it
 * writes when something fails.
 */
#include "core/config/config_table.h"

const struct config_builtin config_builtins[] = {
    {"Keyspace", "sessions", "Pattern", "elevenlabs:session:*"},
    {"Keyspace", "sessions", "Kind", "session"},
    {"Keyspace", "sessions", "ExpectTTL", "1h"},
    {"Keyspace", "sessions", "MaxAge", "24h"},
    {"Keyspace", "sessions", "AgeFields", "lastAccessedAt createdAt"},
    {"Keyspace", "sessions", "Action", "delete"},
    {"Keyspace", "tasks", "Pattern", "cursor_task:*"},
    {"Keyspace", "tasks", "Kind", "task"},
    {"Keyspace", "tasks", "ExpectTTL", "24h"},
    {"Keyspace", "tasks", "MaxAge", "24h"},
    {"Keyspace", "tasks", "AgeFields", "completedAt createdAt"},
    {"Keyspace", "tasks", "Action", "delete"},
    {"LogWatch", "webhook-failures", "Pattern",
        "Failed to process (agent tool request|tool request with cursor-runner)"},
    {"LogWatch", "webhook-failures", "Action", "incident"},
    {"LogWatch", "callback-failures", "Pattern", "Failed to push message to ElevenLabs"},
    {"LogWatch", "callback-failures", "Pattern", "Failed to process callback"},
    {"LogWatch", "callback-failures", "Pattern", "Failed to (create|mark|update) callback task"},
    {"LogWatch", "callback-failures", "Pattern", "Attempted to update non-existent callback task"},
    {"LogWatch", "callback-failures", "Pattern", "No wsUrl available for pushing message"},
    {"LogWatch", "callback-failures", "Action", "incident"},
    {"LogWatch", "redis-connection", "Pattern", "Redis connection (error|failed)"},
    {"LogWatch", "webhook-secret", "Pattern", "Invalid webhook secret"},
    {"LogWatch", "webhook-secret", "Action", "incident"},
    {"LogWatch", "api-key", "Pattern", "ELEVENLABS_API_KEY (not set|not configured|is required)"},
    {"LogWatch", "api-key", "Threshold", "1/1h"},
    {"LogWatch", "api-key", "Action", "incident"},
    {"LogWatch", "api-key", "Severity", "P3"},
};
const size_t config_n_builtins = sizeof config_builtins / sizeof *config_builtins;
