/* daemon/workers/slot: one life after another, each with its process, its output and its probes. */
#include "daemon/workers/slot.h"

#include "canned.h"
#include "daemon/workers/front.h"
#include "daemon/workers/said.h"
#include "io/child/child.h"
#include "lib/scratch.h"
#include "lib/witness.h"
#include "offspring.h"

enum { EVENTS_MAX = 16 };

struct rig {
    struct pump pump;
    struct http_client *client;
    struct slot *slot;
    struct front *front;
    struct config config;
    struct canned health;
    struct scratch scratch;
    struct fleet_event events[EVENTS_MAX];
    unsigned n_events;
    unsigned wanted; /* events that are waited for */
};

static void on_report(const struct fleet_event *ev, void *arg)
{
    struct rig *r = arg;
    assert_true(r->n_events < EVENTS_MAX);
    r->events[r->n_events++] = *ev;
}

static bool enough_events(void *arg)
{
    struct rig *r = arg;
    return r->n_events >= r->wanted;
}

/* The next event, which must be of this type and life. */
static const struct fleet_event *next(struct rig *r, enum fleet_event_type type, uint64_t life)
{
    static struct fleet_event ev;
    r->wanted = 1;
    pump_until(&r->pump, enough_events, r);
    ev = r->events[0];
    r->n_events--;
    memmove(r->events, r->events + 1, r->n_events * sizeof *r->events);
    assert_string_equal(fleet_event_name(ev.type), fleet_event_name(type));
    assert_int_equal(ev.slot, 2);
    assert_int_equal(ev.life, life);
    return &ev;
}

static char url[64];
static char status_ok[] = "200";
static char probe_name[] = "health";

static int set_up(void **state)
{
    static struct rig rig;
    struct err e;
    rig = (struct rig){.health = {.answer = "HTTP/1.0 200 OK\r\n\r\nfine"}};
    witness_begin();
    scratch_init(&rig.scratch);
    canned_start(&rig.health);
    snprintf(url, sizeof url, "%s", rig.health.url);
    rig.config.agent.name = probe_name;
    rig.config.n_probes = 1;
    rig.config.probes[0] = (struct config_probe){
        .name = probe_name, .url = url, .expect_status = status_ok, .timeout = 20 * USEC_PER_SEC};
    pump_init(&rig.pump);
    assert_int_equal(child_become_subreaper(rig.pump.loop, &e), 0);
    rig.client = http_client_new(rig.pump.loop, &e);
    rig.front = front_new(&rig.config, (struct front_sources){0}, "", &e);
    assert_non_null(rig.front);
    rig.slot = slot_new(&(struct slot_spec){.loop = rig.pump.loop,
        .http = rig.client,
        .front = rig.front,
        .index = 2,
        .on_report = on_report,
        .arg = &rig});
    assert_non_null(rig.slot);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;
    assert_int_equal(r->n_events, 0); /* nothing but what was asked for */
    slot_free(r->slot);
    front_free(r->front);
    http_client_free(r->client);
    pump_until(&r->pump, offspring_gone, NULL);
    pump_fini(&r->pump);
    canned_stop(&r->health);
    scratch_fini(&r->scratch);
    witness_end();
    return 0;
}

static int exec_shell(struct rig *r, const char *script, uint64_t life, struct err *e)
{
    char *argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, (char *)script, NULL};
    r->config.agent.exec_start = (struct strlist){argv, 3};
    int result = slot_exec(r->slot, &r->config, 7, life, e);
    assert_int_equal(r->n_events, 0); /* reported from the loop */
    return result;
}

static void begin(struct rig *r, const char *script, uint64_t life)
{
    struct err e = {0};
    if (exec_shell(r, script, life, &e) < 0)
        fail_msg("%s", e.msg);
    next(r, FLEET_EV_SPAWNED, life);
}

static void end(struct rig *r, uint64_t life)
{
    slot_kill_tree(r->slot);
    next(r, FLEET_EV_EXITED, life);
    next(r, FLEET_EV_TREE_GONE, life);
}

static void a_life_from_begin_to_end(void **state)
{
    struct rig *r = *state;
    struct strbuf last = STRBUF_INIT;
    r->config.agent.release = (char *)scratch_write(&r->scratch, "release", "v1.2\n");
    assert_int_equal(slot_pid(r->slot), 0);
    begin(r, "echo out $VOXKEEPER_WORKER $VOXKEEPER_LIFE; echo err >&2; exit 7", 5);
    assert_true(slot_pid(r->slot) > 0);
    assert_int_equal(slot_life(r->slot), 5);
    assert_int_equal(slot_generation(r->slot), 7);
    assert_string_equal(slot_release(r->slot), "v1.2");
    const struct fleet_event *ev = next(r, FLEET_EV_EXITED, 5);
    assert_true(ev->exit.known && !ev->exit.signaled);
    assert_int_equal(ev->exit.code, 7);
    /* Its last words are there with the event of its end. */
    slot_last_lines(r->slot, &last);
    assert_non_null(strstr(strbuf_text(&last), "out 3 5\n"));
    assert_non_null(strstr(strbuf_text(&last), "err\n"));
    strbuf_fini(&last);
    assert_int_equal(slot_lines(r->slot), 2);
    assert_int_equal(slot_lines_dropped(r->slot), 0);
    witness_must("|out 3 5|");
    slot_kill_tree(r->slot);
    next(r, FLEET_EV_TREE_GONE, 5);
    assert_int_equal(slot_leftovers(r->slot), 0);
}

static void a_signal_reaches_it(void **state)
{
    struct rig *r = *state;
    begin(r, "exec sleep 1000", 1);
    slot_signal(r->slot, SIGUSR1);
    const struct fleet_event *ev = next(r, FLEET_EV_EXITED, 1);
    assert_true(ev->exit.signaled);
    assert_int_equal(ev->exit.code, SIGUSR1);
    slot_signal(r->slot, SIGUSR1); /* too late is no fault */
    slot_kill_tree(r->slot);
    next(r, FLEET_EV_TREE_GONE, 1);
}

/* A worker that sends one datagram, and then stays or ends. */
#define NOTIFIER                                                                                   \
    "exec python3 -c \"\nimport os, signal, socket, sys\n"                                         \
    "name = os.environ['NOTIFY_SOCKET']\n"                                                         \
    "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"                                       \
    "s.sendto(sys.argv[1].encode(), chr(0) + name[1:] if name[0] == '@' else name)\n"              \
    "if len(sys.argv) > 2: signal.pause()\n\" "

static void what_it_says_is_reported_and_kept(void **state)
{
    struct rig *r = *state;
    struct err e = {0};
    r->config.agent.watchdog = 5 * USEC_PER_SEC;
    const char *script =
        "[ $WATCHDOG_PID = $$ ] && [ $WATCHDOG_USEC = 5000000 ] || exit 3; " NOTIFIER
        "'READY=1\nSTATUS=on  air' stays";
    assert_int_equal(exec_shell(r, script, 1, &e), 0);
    assert_int_equal(next(r, FLEET_EV_SPAWNED, 1)->watchdog, 5 * USEC_PER_SEC);
    const struct fleet_event *ev = next(r, FLEET_EV_NOTIFIED, 1);
    assert_true(ev->wish.ready && !ev->wish.stopping);
    assert_string_equal(said_status(slot_said(r->slot)), "on  air");
    end(r, 1);
    r->config.agent.watchdog = 0;
    begin(r, "[ -z \"$WATCHDOG_PID$WATCHDOG_USEC\" ] && exec sleep 1000", 2);
    assert_string_equal(said_status(slot_said(r->slot)), ""); /* of the life before */
    end(r, 2);
}

/* The socket and the end of the process are ready at once; the word was said before the end. */
static void its_last_word_comes_before_its_end(void **state)
{
    struct rig *r = *state;
    for (uint64_t life = 1; life <= 20; life++) {
        struct err e = {0};
        assert_int_equal(exec_shell(r, NOTIFIER "STOPPING=1", life, &e), 0);
        next(r, FLEET_EV_SPAWNED, life);
        assert_true(next(r, FLEET_EV_NOTIFIED, life)->wish.stopping);
        assert_int_equal(next(r, FLEET_EV_EXITED, life)->exit.code, 0);
        slot_kill_tree(r->slot);
        next(r, FLEET_EV_TREE_GONE, life);
    }
}

static void the_whole_tree_goes(void **state)
{
    struct rig *r = *state;
    struct strbuf last = STRBUF_INIT;
    begin(r, "setsid sleep 1000 & echo $!; exit 0", 1);
    next(r, FLEET_EV_EXITED, 1);
    slot_last_lines(r->slot, &last);
    pid_t grandchild = (pid_t)atoi(strbuf_text(&last));
    strbuf_fini(&last);
    assert_true(grandchild > 0);
    slot_kill_tree(r->slot);
    next(r, FLEET_EV_TREE_GONE, 1);
    assert_true(slot_leftovers(r->slot) >= 1);
    assert_true(offspring_dead(&grandchild));
}

static void a_command_that_is_not_there(void **state)
{
    struct rig *r = *state;
    struct err e = {0};
    char *argv[] = {(char[]){"/none/such"}, NULL};
    r->config.agent.exec_start = (struct strlist){argv, 1};
    if (slot_exec(r->slot, &r->config, 1, 1, &e) == 0)
        next(r, FLEET_EV_SPAWN_FAILED, 1);
    assert_non_null(strstr(slot_spawn_error(r->slot), "\"/none/such\""));
    assert_non_null(strstr(slot_spawn_error(r->slot), "No such file or directory"));
}

static void a_directory_that_is_not_there(void **state)
{
    struct rig *r = *state;
    struct err e = {0};
    char directory[] = "/none/such";
    r->config.agent.working_directory = directory;
    assert_int_equal(exec_shell(r, "exit 0", 1, &e), 0);
    next(r, FLEET_EV_SPAWN_FAILED, 1);
    assert_non_null(strstr(slot_spawn_error(r->slot), "/none/such"));
    r->config.agent.working_directory = NULL;
    begin(r, "exec sleep 1000", 2); /* the slot is as good as new */
    end(r, 2);
}

static void an_environment_that_cannot_be_read(void **state)
{
    struct rig *r = *state;
    struct err e = {0};
    assert_int_equal(
        strlist_add(&r->config.agent.environment_files, scratch_path(&r->scratch, "none")), 0);
    assert_int_equal(exec_shell(r, "exit 0", 1, &e), -ENOENT);
    assert_string_equal(slot_spawn_error(r->slot), e.msg);
    strlist_fini(&r->config.agent.environment_files);
}

static void a_probe_is_answered_with_its_number(void **state)
{
    struct rig *r = *state;
    begin(r, "exec sleep 1000", 4);
    slot_probe(r->slot, &r->config, 11, false);
    const struct fleet_event *ev = next(r, FLEET_EV_PROBED, 4);
    assert_int_equal(ev->seq, 11);
    assert_int_equal(ev->outcome, PROBE_PASS);
    assert_string_equal(slot_probe_reason(r->slot), "");
    assert_true(slot_probe_took(r->slot) > 0);
    r->health.answer = "HTTP/1.0 500 Oh\r\n\r\nsick";
    slot_probe(r->slot, &r->config, 12, false);
    ev = next(r, FLEET_EV_PROBED, 4);
    assert_int_equal(ev->seq, 12);
    assert_int_equal(ev->outcome, PROBE_FAIL);
    assert_int_equal(slot_probe_outcome(r->slot), PROBE_FAIL);
    assert_non_null(strstr(slot_probe_reason(r->slot), "health: "));
    assert_string_equal(slot_probe_body(r->slot), "sick");
    end(r, 4);
}

static bool was_asked(void *arg)
{
    return ((struct rig *)arg)->health.connections > 0;
}

static void a_probe_that_was_stopped_is_silent(void **state)
{
    struct rig *r = *state;
    r->health.answer = "";
    r->health.end = CANNED_HOLD;
    begin(r, "exec sleep 1000", 1);
    slot_probe(r->slot, &r->config, 1, true);
    pump_until(&r->pump, was_asked, r);
    slot_probe_stop(r->slot);
    slot_probe_stop(r->slot);
    slot_probe(r->slot, &r->config, 2, true);
    r->health.end = CANNED_CLOSE;             /* not for the one that is held */
    slot_probe(r->slot, &r->config, 3, true); /* instead of the one before */
    assert_int_equal(next(r, FLEET_EV_PROBED, 1)->seq, 3);
    end(r, 1);
}

/* What explains the end of one life must not be told of the next. */
static void a_new_life_knows_nothing_of_the_last(void **state)
{
    struct rig *r = *state;
    struct strbuf last = STRBUF_INIT;
    r->health.answer = "HTTP/1.0 500 Oh\r\n\r\nsick";
    begin(r, "echo old; exec sleep 1000", 1);
    slot_probe(r->slot, &r->config, 1, false);
    next(r, FLEET_EV_PROBED, 1);
    slot_collect_evidence(r->slot);
    assert_string_not_equal(slot_evidence(r->slot), "");
    end(r, 1);
    begin(r, "exec sleep 1000", 2);
    slot_last_lines(r->slot, &last);
    assert_string_equal(strbuf_text(&last), "");
    assert_string_equal(slot_evidence(r->slot), "");
    assert_string_equal(slot_probe_reason(r->slot), "");
    assert_string_equal(slot_probe_body(r->slot), "");
    assert_int_equal(slot_probe_took(r->slot), 0);
    assert_int_equal(slot_lines(r->slot), 0);
    end(r, 2);
}

static void evidence_names_the_process(void **state)
{
    struct rig *r = *state;
    struct err e = {0};
    char *argv[] = {(char[]){"/bin/sleep"}, (char[]){"1000"}, NULL};
    r->config.agent.exec_start = (struct strlist){argv, 2};
    assert_int_equal(slot_exec(r->slot, &r->config, 1, 1, &e), 0);
    next(r, FLEET_EV_SPAWNED, 1);
    slot_collect_evidence(r->slot);
    assert_non_null(strstr(slot_evidence(r->slot), "sleep"));
    end(r, 1);
}

static void what_lives_is_left_alone_by_free(void **state)
{
    struct rig *r = *state;
    begin(r, "exec sleep 1000", 1);
    pid_t pid = slot_pid(r->slot);
    slot_probe(r->slot, &r->config, 1, false);
    slot_free(r->slot);
    r->slot = NULL;
    assert_int_equal(kill(pid, 0), 0);
    kill(pid, SIGKILL);
    slot_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(a_life_from_begin_to_end),
        T(a_signal_reaches_it),
        T(what_it_says_is_reported_and_kept),
        T(its_last_word_comes_before_its_end),
        T(the_whole_tree_goes),
        T(a_command_that_is_not_there),
        T(a_directory_that_is_not_there),
        T(an_environment_that_cannot_be_read),
        T(a_probe_is_answered_with_its_number),
        T(a_probe_that_was_stopped_is_silent),
        T(a_new_life_knows_nothing_of_the_last),
        T(evidence_names_the_process),
        T(what_lives_is_left_alone_by_free),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
