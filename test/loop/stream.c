/* daemon/api/stream: what a reader of server-sent events gets, and when. */
#include "daemon/api/stream.h"

#include "core/event.h"
#include "core/limits.h"
#include "daemon/api/stream_topics.h"
#include "daemon/history/history.h"
#include "daemon_rig.h"
#include "voxkeeper/control.h"

#include <cjson/cJSON.h>

static struct daemon_rig rig;

/* Nothing comes by the clock alone. */
static const struct stream_pace by_events = {.least = USEC_PER_MSEC,
    .idle = 3600 * USEC_PER_SEC,
    .fresh = 3600 * USEC_PER_SEC,
    .heartbeat = 3600 * USEC_PER_SEC,
    .stall = 3600 * USEC_PER_SEC};

static int set_up(void **state)
{
    (void)state;
    daemon_rig_init(&rig);
    daemon_rig_configure(&rig, "/bin/sleep 1000", "");
    daemon_rig_start(&rig);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    daemon_rig_fini(&rig);
    return 0;
}

/* By HTTP/1.0 the bytes come as they are; by 1.1 in chunks, whose last one is empty. */
static struct daemon_rig_answer *open_stream_by(const char *version, const char *headers)
{
    char request[512];
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct daemon_rig_answer *a = calloc(1, sizeof *a);
    snprintf(un.sun_path, sizeof un.sun_path, "%s/s", rig.scratch.dir);
    a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(a->fd, (struct sockaddr *)&un, sizeof un), 0);
    int len = snprintf(request, sizeof request, "GET %s HTTP/%s\r\nHost: localhost\r\n%s\r\n",
        VK_API_STREAM, version, headers);
    assert_int_equal(send(a->fd, request, (size_t)len, MSG_NOSIGNAL), len);
    return a;
}

static struct daemon_rig_answer *open_stream(const char *headers)
{
    return open_stream_by("1.0", headers);
}

static void close_stream(struct daemon_rig_answer *a)
{
    close(a->fd);
    free(a);
}

struct wish {
    struct daemon_rig_answer *answer;
    const char *text;
    unsigned count; /* of it that must have come */
};

static unsigned count_of(const struct daemon_rig_answer *a, const char *text)
{
    unsigned n = 0;
    for (const char *at = a->text; (at = strstr(at, text)) != NULL; at++)
        n++;
    return n;
}

static bool has_come(void *arg)
{
    struct wish *wish = arg;
    daemon_rig_answered(wish->answer);
    wish->answer->text[wish->answer->len] = '\0';
    return count_of(wish->answer, wish->text) >= wish->count;
}

static void expect(struct daemon_rig_answer *a, const char *text, unsigned count)
{
    struct wish wish = {a, text, count};
    if (!pump_try(&rig.pump, has_come, &wish, 20 * USEC_PER_SEC))
        fail_msg("\"%s\" did not come %u times, but\n%s", text, count, a->text);
}

static void tell(const char *what)
{
    struct event ev;
    event_init(&ev, EVENT_WORKER_STARTED);
    event_message(&ev, "%s", what);
    event_emit(&ev);
    event_fini(&ev);
}

static char *id_of(uint64_t seq)
{
    static char id[64];
    snprintf(id, sizeof id, "%s-%llu", history_boot(rig.d.history), (unsigned long long)seq);
    return id;
}

static void everything_comes_at_once_and_then_what_changes(void **state)
{
    (void)state;
    stream_set_pace(rig.d.stream, &by_events);
    struct daemon_rig_answer *a = open_stream("");
    expect(a, "event: workers\ndata: {\"workers\":[{\"slot\":1,\"state\":\"serving\"", 1);
    expect(a, "event: status\ndata: {\"agent\":", 1);
    expect(a, id_of(history_newest(rig.d.history)), 1);
    assert_non_null(strstr(a->text, "Content-Type: text/event-stream\r\n"));
    assert_int_equal(count_of(a, "event: event\n"), 0); /* those before are no news */
    tell("the one that is awaited");
    expect(a, "\"message\":\"the one that is awaited\"", 1);
    expect(a, id_of(history_newest(rig.d.history)), 1);
    daemon_rig_must_say(daemon_rig_do(&rig, VK_API_DRAIN, "{}"), "done: drained");
    expect(a, "\"event\":\"drain-done\"", 1);
    expect(a, "\"state\":\"drained\",\"ready\":false", 1);
    close_stream(a);
}

/* How often what was told of the topic is what was told of it just before. */
static unsigned repeated(const struct daemon_rig_answer *a, const char *topic)
{
    char begin[64];
    unsigned n = 0;
    uint64_t before = 0;
    size_t len = (size_t)snprintf(begin, sizeof begin, "event: %s\ndata: ", topic);
    for (const char *at = a->text; (at = strstr(at, begin)) != NULL;) {
        at += len;
        struct cJSON *json = cJSON_Parse(at);
        uint64_t sum = stream_topic_sum(json);
        assert_non_null(json);
        cJSON_Delete(json);
        n += sum == before;
        before = sum;
    }
    return n;
}

static void what_does_not_change_is_not_told_again(void **state)
{
    (void)state;
    stream_set_pace(rig.d.stream, &by_events);
    struct daemon_rig_answer *a = open_stream("");
    expect(a, "event: workers\n", 1);
    for (unsigned i = 1; i <= 5; i++) {
        struct stream_pace pace = by_events;
        tell("nothing");
        expect(a, "event: event\n", i);
        pace.heartbeat = 0; /* a comment shows that it was looked for changes since */
        stream_set_pace(rig.d.stream, &pace);
        tell("nothing either");
        expect(a, "\n:\n\n", i);
        stream_set_pace(rig.d.stream, &by_events);
    }
    /* At most once: the first look has nothing to compare with. */
    assert_in_range(repeated(a, "status"), 0, 1);
    assert_in_range(repeated(a, "workers"), 0, 1);
    close_stream(a);
}

static void numbers_that_go_on_come_now_and_then(void **state)
{
    (void)state;
    struct stream_pace pace = by_events;
    pace.idle = pace.fresh = 5 * USEC_PER_MSEC;
    stream_set_pace(rig.d.stream, &pace);
    struct daemon_rig_answer *a = open_stream("");
    expect(a, "event: status\n", 5);
    assert_int_equal(count_of(a, "\n:\n"), 0);
    close_stream(a);
}

static void who_comes_back_gets_what_was_missed(void **state)
{
    (void)state;
    char header[128];
    stream_set_pace(rig.d.stream, &by_events);
    uint64_t seen = history_newest(rig.d.history);
    tell("missed one");
    tell("missed two");
    snprintf(header, sizeof header, "Last-Event-ID: %s\r\n", id_of(seen));
    struct daemon_rig_answer *a = open_stream(header);
    expect(a, "\"message\":\"missed two\"", 1);
    assert_int_equal(count_of(a, "\"message\":\"missed one\""), 1);
    assert_int_equal(count_of(a, "event: event\n"), 2);
    tell("and one more");
    expect(a, "\"message\":\"and one more\"", 1);
    assert_int_equal(count_of(a, "event: event\n"), 3);
    close_stream(a);

    static const char *const strange[] = {
        "Last-Event-ID: 1234-3\r\n", "Last-Event-ID: \r\n", "Last-Event-ID: x\r\n"};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        a = open_stream(strange[i]); /* of another run: all of this one's are missed */
        expect(a, "\"message\":\"and one more\"", 1);
        assert_int_equal(count_of(a, "event: event\n"), history_newest(rig.d.history));
        close_stream(a);
    }
}

static bool all_have_come(void *arg)
{
    struct daemon_rig_answer *a = arg;
    static const char mark[] = "event: event\n";
    static char all[2 * 1024 * 1024];
    static size_t len;
    static size_t looked; /* up to here; what is counted is never looked at again */
    static unsigned count;
    ssize_t n;
    while (len < sizeof all - 1 &&
           (n = recv(a->fd, all + len, sizeof all - 1 - len, MSG_DONTWAIT)) > 0)
        len += (size_t)n;
    char *at;
    while ((at = memmem(all + looked, len - looked, mark, sizeof mark - 1)) != NULL) {
        count++;
        looked = (size_t)(at - all) + sizeof mark - 1;
    }
    if (len >= sizeof mark && len - looked >= sizeof mark)
        looked = len - sizeof mark; /* the next may have begun */
    return count == LIMIT_HISTORY_EVENTS;
}

/* More than may wait for one reader: it gets them bit by bit, and all of them. */
static void very_many_that_were_missed_come_too(void **state)
{
    (void)state;
    static char much[1000];
    struct stream_pace pace = by_events;
    pace.idle = USEC_PER_MSEC;
    stream_set_pace(rig.d.stream, &pace);
    memset(much, 'x', sizeof much - 1);
    for (unsigned i = 0; i < LIMIT_HISTORY_EVENTS; i++)
        tell(much);
    struct daemon_rig_answer *a = open_stream("Last-Event-ID: none\r\n");
    pump_until(&rig.pump, all_have_come, a);
    close_stream(a);
}

static void there_are_only_so_many(void **state)
{
    (void)state;
    struct daemon_rig_answer *all[LIMIT_STREAMS];
    for (unsigned i = 0; i < LIMIT_STREAMS; i++) {
        all[i] = open_stream("");
        expect(all[i], "event: workers\n", 1);
    }
    const struct daemon_rig_answer *a = daemon_rig_ask(&rig, "GET", VK_API_STREAM, NULL);
    assert_int_equal(a->status, 503);
    assert_non_null(strstr(a->text, "Retry-After: 5\r\n"));
    assert_non_null(strstr(a->text, "\"code\":\"too-many-streams\""));
    assert_int_equal(daemon_rig_ask(&rig, "GET", "/livez", NULL)->status, 200);
    close_stream(all[0]);
    /* Its place is free as soon as its end was noticed. */
    struct daemon_rig_answer *again = NULL;
    for (bool came = false; !came;) {
        again = open_stream("");
        struct wish wish = {again, " 200 OK\r\n", 1};
        while (!has_come(&wish) && !again->ended)
            pump_try(&rig.pump, has_come, &wish, USEC_PER_MSEC);
        came = has_come(&wish);
        if (!came)
            close_stream(again);
    }
    close_stream(again);
    for (unsigned i = 1; i < LIMIT_STREAMS; i++)
        close_stream(all[i]);
}

static void those_who_may_change_things_always_find_a_place(void **state)
{
    (void)state;
    struct daemon_rig_answer *all[LIMIT_STREAMS_OTHERS + 1];
    if (geteuid() != 0) {
        if (getenv("VOXKEEPER_MUST_RUN"))
            fail_msg("needs root");
        skip();
    }
    assert_int_equal(seteuid(65534), 0);
    for (unsigned i = 0; i <= LIMIT_STREAMS_OTHERS; i++)
        all[i] = open_stream("");
    assert_int_equal(seteuid(0), 0);
    for (unsigned i = 0; i <= LIMIT_STREAMS_OTHERS; i++)
        expect(all[i], "HTTP/1.", 1);
    unsigned refused = 0;
    for (unsigned i = 0; i <= LIMIT_STREAMS_OTHERS; i++)
        refused += count_of(all[i], " 503 Service");
    assert_int_equal(refused, 1);
    struct daemon_rig_answer *own = open_stream("");
    expect(own, " 200 OK\r\n", 1);
    close_stream(own);
    for (unsigned i = 0; i <= LIMIT_STREAMS_OTHERS; i++)
        close_stream(all[i]);
}

static void the_end_is_clean(void **state)
{
    (void)state;
    struct daemon_rig_answer *a = open_stream_by("1.1", "");
    expect(a, "event: workers\n", 1);
    tell("the last word");
    daemon_rig_hear(&rig, "the last word");
    supervisor_kill(rig.d.supervisor);
    pump_until(&rig.pump, daemon_rig_none_left, &rig);
    tear_down(NULL);
    while (!daemon_rig_answered(a))
        ;
    a->text[a->len] = '\0';
    assert_int_equal(count_of(a, "\r\n0\r\n\r\n"), 1);
    close_stream(a);
    set_up(NULL);
}

static uint64_t sum_of(const char *text)
{
    struct cJSON *json = cJSON_Parse(text);
    uint64_t sum = stream_topic_sum(json);
    assert_non_null(json);
    cJSON_Delete(json);
    return sum;
}

static void what_counts_as_a_change(void **state)
{
    (void)state;
    uint64_t base = sum_of("{\"a\":[1,{\"b\":\"x\"}],\"uptime_usec\":1}");
    assert_int_equal(sum_of("{\"a\":[1,{\"b\":\"x\"}],\"uptime_usec\":2}"), base);
    static const char *const others[] = {"{\"a\":[2,{\"b\":\"x\"}],\"uptime_usec\":1}",
        "{\"a\":[1,{\"b\":\"y\"}],\"uptime_usec\":1}",
        "{\"a\":[1,{\"c\":\"x\"}],\"uptime_usec\":1}",
        "{\"a\":[1,{\"b\":\"x\"}],\"uptime_usec\":null}", "{\"a\":[1],\"uptime_usec\":1}",
        "{\"a\":[1,{\"b\":\"x\"},true],\"uptime_usec\":1}"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_not_equal(sum_of(others[i]), base);
    assert_int_not_equal(sum_of("[true]"), sum_of("[false]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_counts_as_a_change),
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(everything_comes_at_once_and_then_what_changes),
        T(what_does_not_change_is_not_told_again),
        T(numbers_that_go_on_come_now_and_then),
        T(who_comes_back_gets_what_was_missed),
        T(very_many_that_were_missed_come_too),
        T(there_are_only_so_many),
        T(those_who_may_change_things_always_find_a_place),
        T(the_end_is_clean),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
