/* The runbook's failures as one table of checks. */
#pragma once

/* X(SYMBOL, name, area, severity, anchor in docs/runbook.md); the words are in doctor_words.c. */
/* clang-format off */
#define DOCTOR_CHECKS(X) \
    X(AGENT_GONE, "agent-not-running", AGENT, ERROR, "no-worker-serves") \
    X(AGENT_LOOP, "agent-crash-loop", AGENT, ERROR, "crash-loop") \
    X(AGENT_EXITS, "agent-exits", AGENT, WARNING, "crash-loop") \
    X(AGENT_WRONG_PORT, "agent-wrong-port", AGENT, ERROR, "a-worker-does-not-start") \
    X(AGENT_NOT_LISTENING, "agent-not-listening", AGENT, ERROR, "a-worker-does-not-start") \
    X(AGENT_HANGS, "agent-hangs", AGENT, ERROR, "a-worker-hangs") \
    X(AGENT_SLOW, "agent-slow", AGENT, WARNING, "a-worker-hangs") \
    X(AGENT_UNHEALTHY, "agent-unhealthy", AGENT, ERROR, "a-worker-is-unhealthy") \
    X(AGENT_ZOMBIE, "agent-lost-redis", AGENT, ERROR, "a-worker-lost-redis") \
    X(AGENT_NO_REDIS, "agent-redis-unreachable", AGENT, ERROR, "a-worker-lost-redis") \
    X(AGENT_DISABLED, "agent-disabled", AGENT, ERROR, "webhooks-fail") \
    X(AGENT_NO_KEY, "agent-no-api-key", AGENT, ERROR, "a-provider-is-down") \
    X(AGENT_MEMORY, "agent-memory-grows", AGENT, WARNING, "memory-runs-out") \
    X(AGENT_FDS, "agent-descriptors", AGENT, WARNING, "a-worker-is-unhealthy") \
    X(CLOCK_SKEW, "agent-clock-skew", AGENT, ERROR, "doctor") \
    X(WEBHOOK_REFUSED, "webhook-refused", WEBHOOK, ERROR, "webhooks-fail") \
    X(WEBHOOK_TIMEOUT, "webhook-timeout", WEBHOOK, ERROR, "webhooks-fail") \
    X(WEBHOOK_DISABLED, "webhook-disabled", WEBHOOK, ERROR, "webhooks-fail") \
    X(WEBHOOK_SECRET, "webhook-secret", WEBHOOK, ERROR, "webhooks-fail") \
    X(WEBHOOK_ANSWER, "webhook-answer", WEBHOOK, ERROR, "webhooks-fail") \
    X(PUBLIC_UNREACHABLE, "public-unreachable", WEBHOOK, ERROR, "webhooks-fail") \
    X(PUBLIC_CERTIFICATE, "public-certificate", WEBHOOK, ERROR, "webhooks-fail") \
    X(PUBLIC_EXPIRES, "public-certificate-expires", WEBHOOK, WARNING, "webhooks-fail") \
    X(PUBLIC_ELSEWHERE, "public-elsewhere", WEBHOOK, ERROR, "webhooks-fail") \
    X(CALLBACK_OLD, "callback-tasks-old", CALLBACK, WARNING, "callbacks-fail") \
    X(CALLBACK_ORPHANS, "callback-orphans", CALLBACK, WARNING, "callbacks-fail") \
    X(CALLBACK_URL, "callback-url", CALLBACK, ERROR, "callbacks-fail") \
    X(CALLBACK_RUNNER, "callback-runner", CALLBACK, ERROR, "callbacks-fail") \
    X(SESSIONS_NO_TTL, "sessions-no-ttl", SESSIONS, WARNING, "redis-cleanup") \
    X(SESSIONS_ODD_TTL, "sessions-odd-ttl", SESSIONS, WARNING, "redis-cleanup") \
    X(SESSIONS_OUTLIVED, "sessions-outlived", SESSIONS, WARNING, "redis-cleanup") \
    X(SESSIONS_EVICTED, "sessions-evicted", SESSIONS, ERROR, "sessions-expire") \
    X(SESSIONS_POLICY, "sessions-policy", SESSIONS, WARNING, "sessions-expire") \
    X(SESSIONS_BACKLOG, "sessions-expired-backlog", SESSIONS, WARNING, "doctor") \
    X(REDIS_DNS, "redis-dns", REDIS, ERROR, "redis-is-down") \
    X(REDIS_REFUSED, "redis-refused", REDIS, ERROR, "redis-is-down") \
    X(REDIS_SILENT, "redis-silent", REDIS, ERROR, "redis-is-down") \
    X(REDIS_AUTH, "redis-auth", REDIS, ERROR, "redis-refuses-us") \
    X(REDIS_RIGHTS, "redis-rights", REDIS, ERROR, "redis-refuses-us") \
    X(REDIS_LOADING, "redis-loading", REDIS, ERROR, "redis-is-down") \
    X(REDIS_REPLICA, "redis-replica", REDIS, ERROR, "redis-is-down") \
    X(REDIS_PERSISTENCE, "redis-persistence", REDIS, ERROR, "redis-is-down") \
    X(REDIS_MEMORY, "redis-memory", REDIS, ERROR, "redis-cleanup") \
    X(REDIS_SLOW, "redis-slow", REDIS, WARNING, "redis-is-down") \
    X(REDIS_CLIENTS, "redis-clients", REDIS, WARNING, "redis-is-down") \
    X(REDIS_VERSION, "redis-version", REDIS, WARNING, "doctor") \
    X(NETWORK_DNS, "network-dns", NETWORK, ERROR, "the-network-fails") \
    X(NETWORK_ROUTE, "network-route", NETWORK, ERROR, "the-network-fails") \
    X(NETWORK_TCP, "network-tcp", NETWORK, ERROR, "the-network-fails") \
    X(NETWORK_TLS, "network-tls", NETWORK, ERROR, "the-network-fails") \
    X(NETWORK_ANSWER, "network-answer", NETWORK, ERROR, "the-network-fails") \
    X(NETWORK_SLOW, "network-slow", NETWORK, WARNING, "the-network-fails") \
    X(DAEMON_GONE, "voxkeeperd-not-running", HOST, ERROR, "voxkeeper-itself") \
    X(DAEMON_HANGS, "voxkeeperd-hangs", HOST, ERROR, "voxkeeper-itself") \
    X(HOST_DISK, "host-disk", HOST, ERROR, "the-disk-is-full") \
    X(HOST_INODES, "host-inodes", HOST, ERROR, "the-disk-is-full") \
    X(HOST_MEMORY, "host-memory", HOST, ERROR, "memory-runs-out") \
    X(HOST_PRESSURE, "host-memory-pressure", HOST, WARNING, "memory-runs-out") \
    X(HOST_OOM, "host-oom-kills", HOST, WARNING, "memory-runs-out") \
    X(HOST_FDS, "host-descriptors", HOST, WARNING, "doctor") \
    X(HOST_JOURNAL, "host-journal-suppressed", HOST, WARNING, "log-flood") \
    X(UNIT_DRIFT, "host-unit-drift", HOST, WARNING, "doctor") \
    X(PROGRAM_DRIFT, "host-program-drift", HOST, WARNING, "upgrade-voxkeeper") \
    X(TIME_SYNC, "host-time-sync", HOST, WARNING, "doctor")
/* clang-format on */
