/*
 * What each check says: the symptom, the probable cause, and what to type. That is pasted at night:
 * it is commands and nothing else, and what has to be done before them stands behind `#`.
 */
#include "core/doctor/doctor.h"

struct words {
    const char *symptom, *cause, *command;
};

#define SWITCH_ON                                                                                  \
    "voxkeeper reload  # once Environment= of [Agent] has ELEVENLABS_AGENT_ENABLED=true; where "   \
    "EnvironmentFile= has it: voxkeeper restart"

/* clang-format off */
static const struct words words[DOCTOR_CHECK_COUNT] = {
    [DOCTOR_AGENT_GONE] = {"no worker process runs",
        "the agent does not start, or is drained", "voxkeeper workers; voxkeeper logs"},
    [DOCTOR_AGENT_LOOP] = {"a worker ends again and again",
        "what it needs at the start is missing or wrong, or the release is bad",
        "voxkeeper logs --lines 50; voxkeeper rollout"},
    [DOCTOR_AGENT_EXITS] = {"workers ended by themselves lately",
        "crashes, kills or exits that voxkeeper made good",
        "voxkeeper logs --event worker-crashed; voxkeeper logs --event worker-exited"},
    [DOCTOR_AGENT_WRONG_PORT] = {"a worker listens on another port than Listen=",
        "PORT in the agent's environment is not that of [Agent] Listen=",
        "voxkeeper reload  # once PORT= in Environment= of [Agent] is the port of Listen="},
    [DOCTOR_AGENT_NOT_LISTENING] = {"a worker runs and listens nowhere",
        "the port was taken when it started, or a wrapper changed how it was started "
        "(it serves only if argv[1] is its own file)",
        "voxkeeper logs --lines 50; voxkeeper restart --reason 'does not listen'"},
    [DOCTOR_AGENT_HANGS] = {"a worker accepts connections and does not answer",
        "its event loop stands still: a busy loop, or a call that blocks",
        "voxkeeper workers; voxkeeper restart --reason 'does not answer'"},
    [DOCTOR_AGENT_SLOW] = {"a worker answers late",
        "its event loop is busy with something else", "voxkeeper workers; voxkeeper logs --lines 50"},
    [DOCTOR_AGENT_UNHEALTHY] = {"/health is not what it should be",
        "the agent says so itself", "voxkeeper workers; voxkeeper logs --lines 50"},
    [DOCTOR_AGENT_ZOMBIE] = {"a worker has lost Redis for good, while Redis is fine",
        "its Redis client gave up after a short outage: sessions are silently not stored",
        "voxkeeper restart --reason 'worker lost Redis'"},
    [DOCTOR_AGENT_NO_REDIS] = {"a worker cannot connect to Redis, while we can",
        "its REDIS_URL, user or password are not those of [Redis], or Redis refuses it: no restart "
        "helps",
        "voxkeeper logs --lines 20; voxkeeper reload  # once REDIS_URL in Environment= of [Agent] "
        "leads to the Redis of Url="},
    [DOCTOR_AGENT_DISABLED] = {"the agent is switched off: webhooks are answered with 503",
        "ELEVENLABS_AGENT_ENABLED is not `true` in its environment",
        SWITCH_ON},
    [DOCTOR_AGENT_NO_KEY] = {"the agent has no API key",
        "ELEVENLABS_API_KEY is missing in its environment: no signed URL can be had",
        "voxkeeper restart --reason 'API key'  # once EnvironmentFile= of [Agent] has "
        "ELEVENLABS_API_KEY"},
    [DOCTOR_AGENT_MEMORY] = {"a worker's memory grows",
        "a leak; it will be slow first, and killed in the end",
        "voxkeeper restart --reason 'memory grows'"},
    [DOCTOR_AGENT_FDS] = {"a worker is about to run out of file descriptors",
        "connections that are never closed, or LimitNOFILE= is too low",
        "voxkeeper restart --reason 'descriptors'  # and raise LimitNOFILE= of [Agent]"},
    [DOCTOR_CLOCK_SKEW] = {"the clock of this machine is wrong",
        "nothing keeps it: signed URLs and webhook signatures are refused as too old or too new",
        "timedatectl set-ntp true; timedatectl timesync-status"},
    [DOCTOR_WEBHOOK_REFUSED] = {"nobody listens where webhooks go",
        "the agent is down, or listens elsewhere", "voxkeeper status; ss -ltnp"},
    [DOCTOR_WEBHOOK_TIMEOUT] = {"webhooks are not answered",
        "the agent hangs, or nobody accepts connections", "voxkeeper workers"},
    [DOCTOR_WEBHOOK_DISABLED] = {"webhooks are answered with 503",
        "ELEVENLABS_AGENT_ENABLED is not `true`",
        SWITCH_ON},
    [DOCTOR_WEBHOOK_SECRET] = {"webhooks are refused for their secret",
        "WEBHOOK_SECRET here is not the one that ElevenLabs sends",
        "voxkeeper restart --reason 'webhook secret'  # once WEBHOOK_SECRET in EnvironmentFile= of "
        "[Agent] is that of the ElevenLabs agent's tool"},
    [DOCTOR_WEBHOOK_ANSWER] = {"webhooks are answered as they should not be",
        "another program listens there, or another release of the agent", "ss -ltnp; voxkeeper workers"},
    [DOCTOR_PUBLIC_UNREACHABLE] = {"the public address does not lead here",
        "DNS, the proxy or the firewall in front of this machine", "curl -v"},
    [DOCTOR_PUBLIC_CERTIFICATE] = {"the certificate of the public address is refused",
        "it has expired, is for another name, or its chain is incomplete",
        "openssl s_client -connect"},
    [DOCTOR_PUBLIC_EXPIRES] = {"the certificate of the public address expires soon",
        "its renewal does not work", "openssl s_client -connect"},
    [DOCTOR_PUBLIC_ELSEWHERE] = {"the public address leads to something else",
        "the proxy sends these paths elsewhere", "curl -v"},
    [DOCTOR_CALLBACK_OLD] = {"tasks wait for a callback for too long",
        "cursor-runner died with them, or its callbacks do not arrive",
        "voxkeeper sweep --dry-run --keyspace tasks  # then the same without --dry-run"},
    [DOCTOR_CALLBACK_ORPHANS] = {"tasks wait whose session is gone",
        "callers left, or their sessions were lost: nobody will hear the answers",
        "voxkeeper keys --keyspace tasks"},
    [DOCTOR_CALLBACK_URL] = {"callbacks do not find their way back",
        "ELEVENLABS_AGENT_URL does not lead to this agent: tasks stay pending",
        "voxkeeper reload  # once ELEVENLABS_AGENT_URL in Environment= of [Agent] leads to this agent"},
    [DOCTOR_CALLBACK_RUNNER] = {"cursor-runner does not answer well",
        "it is down, or CURSOR_RUNNER_URL is wrong: tools end with 500",
        "curl -v"},
    [DOCTOR_SESSIONS_NO_TTL] = {"sessions stay for ever",
        "a crash, a manual SET or PERSIST, or a restore left them without TTL",
        "voxkeeper sweep --dry-run --keyspace sessions  # then the same without --dry-run"},
    [DOCTOR_SESSIONS_ODD_TTL] = {"sessions have a lifetime that the agent does not give",
        "somebody else wrote them, or ExpectTTL= is not the agent's",
        "voxkeeper keys --stuck --keyspace sessions"},
    [DOCTOR_SESSIONS_OUTLIVED] = {"sessions are older than they say they may be",
        "their signed URL is over: who comes back with them is refused",
        "voxkeeper keys --keyspace sessions"},
    [DOCTOR_SESSIONS_EVICTED] = {"Redis throws keys away to make room",
        "maxmemory is reached under an eviction policy: callers see an expired session",
        "redis-cli CONFIG SET maxmemory-policy volatile-ttl; redis-cli INFO memory  # and give it more: "
        "CONFIG SET maxmemory"},
    [DOCTOR_SESSIONS_POLICY] = {"Redis would throw sessions away when memory is short",
        "maxmemory-policy lets it",
        "redis-cli CONFIG SET maxmemory-policy volatile-ttl; redis-cli CONFIG REWRITE"},
    [DOCTOR_SESSIONS_BACKLOG] = {"Redis does not keep up with keys that have expired",
        "it is busy, or very many keys expire at once", "redis-cli CONFIG SET active-expire-effort 4"},
    [DOCTOR_REDIS_DNS] = {"the name of Redis cannot be resolved",
        "DNS, or a typing error in [Redis] Url=", "getent hosts"},
    [DOCTOR_REDIS_REFUSED] = {"nobody listens where Redis should be",
        "Redis is down, or listens elsewhere",
        "systemctl start redis-server; systemctl status --no-pager redis-server; redis-cli PING"},
    [DOCTOR_REDIS_SILENT] = {"Redis does not answer",
        "it hangs, is blocked by a slow command, or packets are dropped on the way",
        "systemctl status --no-pager redis-server; timeout 5 redis-cli PING && redis-cli SLOWLOG GET 10"},
    [DOCTOR_REDIS_AUTH] = {"Redis refuses our credentials",
        "user or password in [Redis] are not those that Redis knows",
        "redis-cli ACL LIST; voxkeeper reload  # once Username= and PasswordCredential= of [Redis] are "
        "right"},
    [DOCTOR_REDIS_RIGHTS] = {"our user in Redis lacks rights",
        "its ACL was changed, or is that of an older voxkeeper", "redis-cli ACL SETUSER"},
    [DOCTOR_REDIS_LOADING] = {"Redis is loading its data",
        "it was restarted a moment ago", "redis-cli INFO persistence"},
    [DOCTOR_REDIS_REPLICA] = {"this Redis is a replica",
        "after a failover [Redis] Url= and REDIS_URL lead to the wrong server: nothing is stored",
        "redis-cli ROLE; voxkeeper reload  # once Url= of [Redis] and REDIS_URL in Environment= of "
        "[Agent] lead to the master"},
    [DOCTOR_REDIS_PERSISTENCE] = {"Redis cannot save its data",
        "the disk is full or may not be written: it refuses writes (MISCONF)",
        "redis-cli INFO persistence; redis-cli CONFIG GET dir; df -h"},
    [DOCTOR_REDIS_MEMORY] = {"Redis is out of memory, or nearly",
        "maxmemory is too low for what is stored", "redis-cli INFO memory; voxkeeper sweep --dry-run  # then the same without --dry-run, or: CONFIG "
        "SET maxmemory"},
    [DOCTOR_REDIS_SLOW] = {"Redis answers late",
        "slow commands, swapping, or a busy machine", "redis-cli SLOWLOG GET 10; redis-cli INFO commandstats"},
    [DOCTOR_REDIS_CLIENTS] = {"Redis is about to run out of connections",
        "clients that leak connections, or maxclients is too low",
        "redis-cli CLIENT LIST; redis-cli CONFIG SET maxclients 10000"},
    [DOCTOR_REDIS_VERSION] = {"this Redis is too old",
        "voxkeeper needs Redis 6 or later", "redis-cli INFO server  # and upgrade Redis"},
    [DOCTOR_NETWORK_DNS] = {"the name of a provider cannot be resolved",
        "the name server does not answer, or does not know the name", "getent hosts; cat /etc/resolv.conf"},
    [DOCTOR_NETWORK_ROUTE] = {"there is no way to a provider",
        "no route, or an interface is down", "ip route; ip link"},
    [DOCTOR_NETWORK_TCP] = {"a provider cannot be connected to",
        "a firewall drops or refuses it, or the provider is down", "nft list ruleset; curl -v"},
    [DOCTOR_NETWORK_TLS] = {"no secure connection to a provider",
        "its certificate is refused: authorities are missing here, somebody stands in between, "
        "it has expired, or our clock is wrong", "openssl s_client -connect"},
    [DOCTOR_NETWORK_ANSWER] = {"a provider connects and does not answer",
        "the provider is in trouble", "curl -v"},
    [DOCTOR_NETWORK_SLOW] = {"a provider is reached slowly",
        "the network between, or the name server", "curl -v"},
    [DOCTOR_DAEMON_GONE] = {"voxkeeperd does not run",
        "it was stopped, or its configuration is refused",
        "voxkeeperd --check-config && systemctl start voxkeeper"},
    [DOCTOR_DAEMON_HANGS] = {"voxkeeperd does not answer",
        "it is stopped, or stands still; callers do not notice, but nobody looks after the workers",
        "systemctl restart voxkeeper"},
    [DOCTOR_HOST_DISK] = {"a disk is full, or nearly",
        "logs, dumps or backups", "df -h; journalctl --vacuum-size=500M"},
    [DOCTOR_HOST_INODES] = {"a file system is out of inodes, or nearly",
        "very many small files", "df -i"},
    [DOCTOR_HOST_MEMORY] = {"the machine is out of memory, or nearly",
        "something takes it: the next to start may be killed", "free -m; ps aux --sort=-rss | head"},
    [DOCTOR_HOST_PRESSURE] = {"processes wait for memory",
        "too little memory for what runs here", "cat /proc/pressure/memory; free -m"},
    [DOCTOR_HOST_OOM] = {"the kernel killed processes of ours for want of memory",
        "MemoryMax= of the unit, or the machine's memory, is too small",
        "journalctl -k -n 50 --no-pager -g oom; systemctl show voxkeeper -p MemoryMax"},
    [DOCTOR_HOST_FDS] = {"file descriptors run out",
        "LimitNOFILE= of the unit or fs.file-max is too low",
        "cat /proc/sys/fs/file-nr; systemctl show voxkeeper -p LimitNOFILE"},
    [DOCTOR_HOST_JOURNAL] = {"the journal dropped lines of this service",
        "more was logged than LogRateLimitBurst= allows", "journalctl -u systemd-journald -n 20"},
    [DOCTOR_UNIT_DRIFT] = {"the installed unit is not the one that runs",
        "it was changed, and the service manager was not told", "systemctl daemon-reload && systemctl restart voxkeeper  # callers notice nothing"},
    [DOCTOR_PROGRAM_DRIFT] = {"the installed voxkeeperd is not the one that runs",
        "it was upgraded, and the running one goes on", "voxkeeper upgrade"},
    [DOCTOR_TIME_SYNC] = {"nothing keeps the clock of this machine",
        "no time service runs, or it reaches no server",
        "timedatectl set-ntp true; timedatectl timesync-status"},
};
/* clang-format on */

const char *doctor_symptom(enum doctor_check check)
{
    return words[check].symptom;
}

const char *doctor_cause(enum doctor_check check)
{
    return words[check].cause;
}

const char *doctor_command(enum doctor_check check)
{
    return words[check].command;
}
