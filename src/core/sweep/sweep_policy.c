/* What a sweep makes of an error reply. */
#include "core/sweep/sweep_policy.h"

#include <string.h>

const char *sweep_reaction_name(enum sweep_reaction reaction)
{
#define X(symbol, name) [SWEEP_REACT_##symbol] = name,
    static const char *const names[] = {SWEEP_REACTIONS(X)};
#undef X
    return names[reaction];
}

enum sweep_reaction sweep_react_key(enum redis_error error, const char *text)
{
    switch (error) {
    case REDIS_E_NOPERM:
        /* `No permissions to access a key`, `can't access at least one of the keys`; without a
         * command nothing works for any keyspace. */
        return strstr(text, "key") ? SWEEP_REACT_SKIP_KEYSPACE : SWEEP_REACT_END;
    case REDIS_E_NONE:
    case REDIS_E_OTHER:
    case REDIS_E_WRONGTYPE:
    case REDIS_E_MOVED:
        return SWEEP_REACT_SKIP_KEY;
    case REDIS_E_MISCONF:
    case REDIS_E_OOM:
        return SWEEP_REACT_STOP_REMOVING;
    case REDIS_E_BUSY:
        return SWEEP_REACT_WAIT;
    case REDIS_E_LOST:
    case REDIS_E_LOADING:
    case REDIS_E_CLIENTS:
        return SWEEP_REACT_RECONNECT;
    case REDIS_E_READONLY:
    case REDIS_E_NOAUTH:
    case REDIS_E_CLUSTERDOWN:
    case REDIS_E_NOSCRIPT:
    case REDIS_E_PROTOCOL:
        return SWEEP_REACT_END;
    }
    return SWEEP_REACT_END;
}

enum sweep_reaction sweep_react_scan(enum redis_error error)
{
    switch (sweep_react_key(error, "")) {
    case SWEEP_REACT_WAIT:
        return SWEEP_REACT_WAIT;
    case SWEEP_REACT_RECONNECT:
        return SWEEP_REACT_RECONNECT;
    case SWEEP_REACT_SKIP_KEY:
    case SWEEP_REACT_SKIP_KEYSPACE:
    case SWEEP_REACT_STOP_REMOVING:
    case SWEEP_REACT_END:
        return SWEEP_REACT_END;
    }
    return SWEEP_REACT_END;
}

const char *sweep_policy_advice(enum redis_error error)
{
    switch (error) {
    case REDIS_E_NONE:
        break;
    case REDIS_E_OTHER:
    case REDIS_E_WRONGTYPE:
        return "look what is special about that key, or add it to Protect=";
    case REDIS_E_LOST:
        return "see why Redis went away: its log, its memory, the network";
    case REDIS_E_LOADING:
        return "wait until Redis has read its data";
    case REDIS_E_BUSY:
        return "end the script that keeps Redis busy: redis-cli SCRIPT KILL";
    case REDIS_E_OOM:
        return "Redis reached its maxmemory: redis-cli INFO memory";
    case REDIS_E_READONLY:
        return "point [Redis] Url= at the master: redis-cli ROLE";
    case REDIS_E_NOAUTH:
        return "correct [Redis] Username= and PasswordCredential=";
    case REDIS_E_NOPERM:
        return "grant it with ACL SETUSER; docs/redis.md lists all that is needed";
    case REDIS_E_MOVED:
        return "this is one node of a cluster that hands over slots: wait until redis-cli "
               "--cluster "
               "check finds all at rest";
    case REDIS_E_CLUSTERDOWN:
        return "mend the cluster: redis-cli --cluster check";
    case REDIS_E_MISCONF:
        return "Redis refuses writes since it cannot save them: redis-cli INFO persistence, free "
               "disk space, replicas";
    case REDIS_E_NOSCRIPT:
        return "find who forgets scripts all the time: SCRIPT FLUSH";
    case REDIS_E_CLIENTS:
        return "raise maxclients, or end connections: redis-cli CLIENT LIST";
    case REDIS_E_PROTOCOL:
        return "see what stands at [Redis] Url=: a proxy that mixes up answers, or no Redis";
    }
    return "";
}
