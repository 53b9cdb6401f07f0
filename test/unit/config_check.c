/* core/config/config_check*: what contradicts itself is refused, each with its place and its cause.
 */
#include "config_text.h"

#include <stdio.h>

#define AGENT "[Agent]\nExecStart=/bin/agent\n"
#define HEALTH "[Health]\nUrl=http://127.0.0.1:3004/health\n"

static void refuses_contradictions(void **state)
{
    (void)state;
    static const struct {
        const char *text; /* in front of AGENT HEALTH, which end the file */
        const char *said;
    } rows[] = {
        {"[Agent]\nWorkers=2\nListen=3004\nHandover=none\n",
            "/etc/v.conf:2: refuse Workers=2: with Handover=none every worker binds Listen= "
            "itself, and only one can\n"},
        {"[Agent]\nHandover=preload\n", "/etc/v.conf:2: refuse Handover=preload: without Listen= "
                                        "there is nothing to hand over\n"},
        {"[Agent]\nWatchdogSec=1ms\n",
            "/etc/v.conf:2: refuse WatchdogSec=1000us: shorter than 10ms, "
            "which no worker keeps; 0 is off\n"},
        {"[Agent]\nStandby=1\n",
            "/etc/v.conf:2: refuse Standby=1: only a worker whose listener is handed "
            "over when it is wanted can stand by, want Listen= and Handover=preload\n"},
        {"[Agent]\nHandover=preload\nListen=3004\nWorkers=62\nStandby=2\n",
            "/etc/v.conf:5: refuse Workers=62 and Standby=2: more than 63 workers, one place is "
            "for a replacement\n"},
        {"[Agent]\nListen=3004\nWorkers=64\n",
            "/etc/v.conf:3: refuse Workers=64 and Standby=0: more than 63 workers, one place is "
            "for a replacement\n"},
        {"[Agent]\nListen=3004\nWorkers=62\n[Rollout]\nMaxSurge=3\n",
            "/etc/v.conf:5: refuse MaxSurge=3: with Workers=62 and Standby=0 more than 64 "
            "workers\n"},
        {"[Agent]\nListen=3004\nWorkers=40\n[Rollout]\nMaxSurge=70%\n",
            "/etc/v.conf:5: refuse MaxSurge=70%: with Workers=40 and Standby=0 more than 64 "
            "workers\n"},
        {"[Rollout]\nOnFailure=hold\n",
            "/etc/v.conf:2: refuse OnFailure=hold: only workers that get their listeners from us "
            "have others beside them that can stand in, want Listen= and Handover=preload\n"},
        {"[Agent]\nListen=3004\nWorkers=2\n[Rollout]\nCanary=3\nMaxSurge=3\n",
            "/etc/v.conf:5: refuse Canary=3: more than Workers=2\n"},
        {"[Agent]\nListen=3004\nWorkers=4\n[Rollout]\nCanary=2\n",
            "/etc/v.conf:5: refuse Canary=2: the workers that they replace are kept beside them, "
            "and MaxSurge= allows for 1; want MaxSurge=2\n"},
        {"[Agent]\nHandover=listen-fds\n", "/etc/v.conf:2: refuse Handover=listen-fds: without "
                                           "Listen= there is nothing to hand over\n"},
        {"[Agent]\nHandover=listen-fds\nListen=3004\nWorkers=2\n",
            "/etc/v.conf:4: refuse Workers=2: with Handover=listen-fds a probe of Listen= does not "
            "tell one worker from another, want ListenPrivate=yes\n"},
        {"[Agent]\nHandover=listen-fds\nListen=3004\nListenPrivate=yes\nStandby=1\n",
            "/etc/v.conf:5: refuse Standby=1: only a worker whose listener is handed over when it "
            "is wanted can stand by, want Listen= and Handover=preload\n"},
        {"[Agent]\nListenPrivate=yes\nListen=3004\n",
            "/etc/v.conf:2: refuse ListenPrivate=yes: only Handover=listen-fds passes a private "
            "listener\n"},
        {"[Admin]\nListen=/run/a.sock\n", "/etc/v.conf:2: refuse Listen=/run/a.sock in [Admin]: "
                                          "want a port, the unix socket is ControlSocket=\n"},
        {"[Agent]\nListen=9464\n", "/etc/v.conf:2: refuse Listen=127.0.0.1:9464 in [Admin]: it "
                                   "takes the address of Listen= in [Agent]\n"},
        {"[Admin]\nListen=[::1]:3004\n[Agent]\nListen=0.0.0.0:3004\n",
            "/etc/v.conf:2: refuse Listen=[::1]:3004 in [Admin]: it takes the address of Listen= "
            "in [Agent]\n"},
        {"[Agent]\nTimeoutStartSec=1s\n[Health]\nRise=10\nTimeout=500ms\n",
            "/etc/v.conf:2: refuse TimeoutStartSec=1s: Rise=10 rounds at StartInterval=250ms take "
            "longer, no worker could be verified\n"},
        {"[Health]\nRise=10\nStartInterval=10s\n",
            "/etc/v.conf:3: refuse TimeoutStartSec=1min 30s: Rise=10 rounds at StartInterval=10s "
            "take longer, no worker could be verified\n"},
        {"[Health]\nTimeout=2min\n",
            "/etc/v.conf:2: refuse Timeout=2min of probe health: longer than TimeoutStartSec=\n"},
        {"[Health]\nFastInterval=20s\n", "/etc/v.conf:2: refuse FastInterval=20s in [Health]: "
                                         "longer than Interval=10s\n"},
        {"[Health]\nStartInterval=11s\n", "/etc/v.conf:2: refuse StartInterval=11s in [Health]: "
                                          "longer than Interval=10s\n"},
        {"[Restart]\nDelay=31s\n",
            "/etc/v.conf:2: refuse Delay=31s in [Restart]: longer than MaxDelay=30s\n"},
        {"[Drain]\nLinger=20s\nTimeout=10s\n",
            "/etc/v.conf:2: refuse Linger=20s in [Drain]: longer than Timeout=10s\n"},
        {"[Drain]\nWaitFor=connections sessions\n",
            "/etc/v.conf:2: refuse WaitFor=sessions: they are counted in Redis, and [Redis] has no "
            "Url=\n"},
        {"[Redis]\nUrl=redis://h\n[Keyspace x]\nPattern=x:*\n[Drain]\nWaitFor=tasks\n",
            "/etc/v.conf:6: refuse WaitFor=tasks: no [Keyspace NAME] has Kind=task\n"},
        {"[Redis]\nUsername=u\n", "/etc/v.conf:2: refuse Username= in [Redis]: there is no Url=\n"},
        {"[Redis]\nPasswordCredential=/p\n",
            "/etc/v.conf:2: refuse PasswordCredential= in [Redis]: there is no Url=\n"},
        {"[Redis]\nUrl=redis://:x@h\nPasswordCredential=/p\n",
            "/etc/v.conf:3: refuse PasswordCredential=: Url= holds a password too\n"},
        {"[Redis]\nUrl=redis://u:x@h\nUsername=v\n",
            "/etc/v.conf:3: refuse Username=v: Url= names a user too\n"},
        {"[Redis]\nUrl=redis://h\nUsername=v\n",
            "/etc/v.conf:3: refuse a user of Redis without a password: set PasswordCredential=\n"},
        {"[Redis]\nUrl=redis://u@h\n",
            "/etc/v.conf:2: refuse a user of Redis without a password: set PasswordCredential=\n"},
        {"[Keyspace x]\nKind=other\n", "no Pattern= of keyspace x\n"},
        {"[Keyspace x]\nPattern=elevenlabs:*\n",
            "/etc/v.conf:2: refuse Pattern=elevenlabs:* of keyspace x: it could take keys of "
            "elevenlabs:conversation:*\n"},
        {"[Keyspace x]\nPattern=elevenlabs:conversation:x*\n",
            "/etc/v.conf:2: refuse Pattern=elevenlabs:conversation:x* of keyspace x: it could take "
            "keys of elevenlabs:conversation:*\n"},
        {"[Keyspace x]\nPattern=a:b:*\n[Keyspace y]\nPattern=a:*\n",
            "/etc/v.conf:4: refuse Pattern=a:* of keyspace y: keyspace x takes keys of it too\n"},
        {"[Sweep]\nProtect=cursor_*\n",
            "/etc/v.conf:2: refuse Pattern=cursor_task:* of keyspace tasks: Protect=cursor_* "
            "covers all of it\n"},
        {"[Keyspace x]\nPattern=x:*\nAction=delete\n",
            "/etc/v.conf:3: refuse Action=delete of keyspace x: it needs a MaxAge=\n"},
        {"[Keyspace x]\nPattern=x:*\nRepair=yes\n",
            "/etc/v.conf:3: refuse Repair=yes of keyspace x: it needs an ExpectTTL=\n"},
        {"[Keyspace sessions]\nMaxAge=30min\n",
            "/etc/v.conf:2: refuse MaxAge=30min of keyspace sessions: shorter than ExpectTTL=1h, a "
            "key would be stuck before it expires\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s" AGENT HEALTH, rows[i].text);
        config_refused(text, rows[i].said);
    }
}

static void refuses_probes_that_prove_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *text; /* behind AGENT */
        const char *said;
    } rows[] = {
        {"", "no probe: set Url= in [Health] or add a [Probe NAME], else no worker can be "
             "verified\n"},
        {"[Probe p]\nType=exec\nCommand=true\nKind=liveness\n",
            "no probe: set Url= in [Health] or add a [Probe NAME], else no worker can be "
            "verified\n"},
        {"[Probe p]\nType=exec\nCommand=true\n[Health]\nExpectJson=a\n",
            "/etc/v.conf:7: ExpectJson in [Health] has no effect without Url=\n"},
        {"[Health]\nUrl=/health\n",
            "/etc/v.conf:4: refuse Url=/health: a path is asked for on the worker's own address, "
            "and [Agent] has no Listen=\n"},
        {HEALTH "ExpectJson=status=ok\nDependencyJson=redis\n[Redis]\nUrl=redis://h\n",
            "/etc/v.conf:6: refuse DependencyJson= of health: \"redis\" is not a path of "
            "ExpectJson\n"},
        {HEALTH "ExpectJson=redis=connected\nDependencyJson=redis\n",
            "/etc/v.conf:6: refuse DependencyJson= of health: the dependency is Redis, and [Redis] "
            "has no Url=\n"},
        {HEALTH "ExpectJson=status=ok\nProviderJson=llm\n",
            "/etc/v.conf:6: refuse ProviderJson= of health: \"llm\" is not a path of "
            "ExpectJson\n"},
        {HEALTH "ExpectJson=x=1\nDependencyJson=x\nProviderJson=x\n[Redis]\nUrl=redis://h\n",
            "/etc/v.conf:7: refuse ProviderJson= of health: \"x\" is a path of DependencyJson as "
            "well\n"},
        {"[Probe p]\nUrl=http://h/\nExpectJson=x=1\nProviderJson=y\n",
            "/etc/v.conf:6: refuse ProviderJson= of p: \"y\" is not a path of ExpectJson\n"},
        {"[Probe p]\nType=http\n", "/etc/v.conf:4: no Url= of probe p, which is of Type=http\n"},
        {"[Probe p]\nType=exec\n",
            "/etc/v.conf:4: no Command= of probe p, which is of Type=exec\n"},
        {"[Probe p]\nType=tcp\n", "/etc/v.conf:4: no Address= of probe p, and [Agent] has no "
                                  "Listen= to take it from\n"},
        {"[Probe p]\nType=tcp\nAddress=127.0.0.1:80\nUrl=http://h/\n",
            "/etc/v.conf:6: refuse Url= of probe p: it is for Type=http, not Type=tcp\n"},
        {"[Probe p]\nUrl=http://h/\nCommand=true\n",
            "/etc/v.conf:5: refuse Command= of probe p: it is for Type=exec, not Type=http\n"},
        {"[Probe p]\nType=exec\nCommand=true\nTimeout=100s\n",
            "/etc/v.conf:6: refuse Timeout=1min 40s of probe p: longer than TimeoutStartSec=\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];
        snprintf(text, sizeof text, AGENT "%s", rows[i].text);
        config_refused(text, rows[i].said);
    }
    config_refused(HEALTH, "no ExecStart= in [Agent]: there is nothing to run\n");
    config_refused("[Agent]\nExecStart=bin/agent\n" HEALTH,
        "/etc/v.conf:2: refuse ExecStart=bin/agent: want an absolute path, or a name to be found "
        "in PATH\n");
}

/* One mistake is told once: what follows from it is no news. */
static void tells_no_consequences(void **state)
{
    (void)state;
    config_refused("[Agent]\nExecStart=\"/bin/agent\n" HEALTH,
        "/etc/v.conf:2: read ExecStart in [Agent]: quote \" is not closed\n");
    config_refused(AGENT "[Health]\nUrl=health\n",
        "/etc/v.conf:4: read Url in [Health]: \"health\" is neither a /PATH nor an http URL\n");
    config_refused(AGENT HEALTH "ExpectJson==ok redis=up\nDependencyJson=redis\n"
                                "[Redis]\nUrl=http://h\nUsername=u\n[Drain]\nWaitFor=tasks\n",
        "/etc/v.conf:5: read ExpectJson in [Health]: \"=ok\" has no path before the operator\n"
        "/etc/v.conf:8: read Url in [Redis]: read Redis URL: \"http://\" is not spoken, redis:// "
        "and unix:// are\n");
    config_refused(AGENT HEALTH "[Keyspace x]\nPattern=*\n[Probe p]\nType=exec\nCommand='\n"
                                "[Probe q]\nType=exek\nCommand=true\n",
        "/etc/v.conf:6: read Pattern in [Keyspace]: \"*\" has no prefix: it would take every key\n"
        "/etc/v.conf:9: read Command in [Probe]: quote ' is not closed\n"
        "/etc/v.conf:11: read Type in [Probe]: \"exek\" is unknown, did you mean \"exec\"?\n");
}

/* Who shortens one span need not know of the default of another. */
static void defaults_follow(void **state)
{
    (void)state;
    struct config *c = config_must(AGENT HEALTH "Interval=100ms\n[Drain]\nTimeout=1s\n"
                                                "[Restart]\nMaxDelay=200ms\n");
    assert_true(c->prober.start_interval == 100 * USEC_PER_MSEC);
    assert_true(c->prober.fast_interval == 100 * USEC_PER_MSEC);
    assert_true(c->drain.linger == USEC_PER_SEC);
    assert_true(c->restart.delay == 200 * USEC_PER_MSEC);
    /* Nothing can count tasks and sessions without Redis. */
    assert_true(c->drain.wait_connections);
    assert_false(c->drain.wait_tasks);
    assert_false(c->drain.wait_sessions);
    config_free(c);
    /* A rollout has the places that are left. */
    c = config_must(AGENT "Listen=3004\nWorkers=60\nStandby=1\n" HEALTH);
    assert_int_equal(rollout_surge(&c->rollout, c->agent.workers), LIMIT_WORKERS - 61);
    config_free(c);
    c = config_must(AGENT HEALTH "[Redis]\nUrl=redis://h\n");
    assert_true(c->drain.wait_tasks && c->drain.wait_sessions);
    config_free(c);
}

/* What is refused must be no more than what contradicts. */
static void accepts_what_looks_alike(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[Agent]\nWorkers=2\n",
        "[Agent]\nListen=3004\n[Admin]\nListen=9465\n",
        "[Agent]\nListen=127.0.0.2:9464\n",
        "[Agent]\nListen=9464\n[Admin]\nListen=\n",
        "[Sweep]\nProtect=cursor_task:keep-*\n",
        "[Sweep]\nProtect=*:keep\n",
        "[Keyspace a]\nPattern=a:*\n[Keyspace b]\nPattern=b:*\n",
        "[Keyspace a]\nPattern=elevenlabs:session:*\n",
        "[Drain]\nWaitFor=\n",
        "[Agent]\nListen=3004\nWorkers=5\n[Rollout]\nCanary=2\nOnFailure=hold\n",
        "[Agent]\nListen=3004\nWorkers=32\n[Rollout]\nMaxSurge=100%\nCanary=32\n",
        "[Drain]\nTimeout=infinity\n",
        "[Redis]\nUrl=redis://h\nUsername=u\nPasswordCredential=/p\n",
        "[Probe p]\nType=tcp\nAddress=127.0.0.1:80\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s" AGENT HEALTH, texts[i]);
        config_free(config_must(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_contradictions),
        cmocka_unit_test(refuses_probes_that_prove_nothing),
        cmocka_unit_test(tells_no_consequences),
        cmocka_unit_test(defaults_follow),
        cmocka_unit_test(accepts_what_looks_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
