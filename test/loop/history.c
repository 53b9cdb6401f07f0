/* The history: what it remembers, whom it tells and when, and how it forgets. */
#include "daemon/history/history.h"

#include "core/limits.h"

#include "loop/fixture.h"

#include <cjson/cJSON.h>

struct listening {
    struct bench *bench;
    struct history *history;
    struct history_listener listener;
    char heard[256];
    bool answers; /* it tells an event itself while it hears the first */
    bool leaves;  /* it listens no more after the first */
};

struct scene {
    struct bench bench;
    struct history *history;
};

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    bench_open(&s->bench);
    s->history = history_new(s->bench.loop);
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    history_free(s->history);
    bench_close(&s->bench);
    free(s);
    return 0;
}

static void tell(enum event_id id, const char *worker)
{
    struct event ev;
    event_init(&ev, id);
    event_message(&ev, "worker %s said so", worker);
    event_field(&ev, "VOXKEEPER_WORKER", "%s", worker);
    event_emit(&ev);
    event_fini(&ev);
}

static void on_event(const struct happening *happening, void *arg)
{
    struct listening *l = arg;
    strcat(strcat(l->heard, happening_field(happening, "VOXKEEPER_WORKER")), " ");
    if (l->answers) {
        l->answers = false;
        tell(EVENT_WORKER_EXITED, "answer");
    }
    if (l->leaves)
        history_unlisten(l->history, &l->listener);
    bench_wake(l->bench);
}

static void listen_to(struct scene *s, struct listening *l)
{
    l->bench = &s->bench;
    l->history = s->history;
    l->listener = (struct history_listener){.on_event = on_event, .arg = l};
    history_listen(s->history, &l->listener);
}

static void test_what_was_told_is_remembered(void **state)
{
    struct scene *s = *state;
    assert_int_equal(history_newest(s->history), 0);
    assert_null(history_after(s->history, 0));
    log_printf(LOG_LEVEL_ERR, "no event");
    log_set_max_level(LOG_LEVEL_ERR);
    tell(EVENT_WORKER_STARTED, "1"); /* below the level that is logged */
    log_set_max_level(LOG_LEVEL_INFO);
    tell(EVENT_WORKER_CRASHED, "2");
    const struct happening *first = history_after(s->history, 0);
    assert_int_equal(first->seq, 1);
    assert_int_equal(first->id, EVENT_WORKER_STARTED);
    assert_null(happening_field(first, "MESSAGE_ID"));
    struct cJSON *json = happening_json(history_after(s->history, 1), false);
    assert_string_equal(cJSON_GetObjectItem(json, "event")->valuestring, "worker-crashed");
    assert_string_equal(cJSON_GetObjectItem(json, "level")->valuestring, "err");
    assert_string_equal(cJSON_GetObjectItem(json, "message")->valuestring, "worker 2 said so");
    assert_string_equal(cJSON_GetObjectItem(json, "runbook")->valuestring, "crash-loop");
    assert_string_equal(
        cJSON_GetObjectItem(cJSON_GetObjectItem(json, "fields"), "VOXKEEPER_WORKER")->valuestring,
        "2");
    cJSON_Delete(json);
    assert_null(history_after(s->history, 2));
}

static void test_what_is_not_for_everybody_is_withheld(void **state)
{
    struct scene *s = *state;
    struct event ev;
    event_init(&ev, EVENT_WORKER_CRASHED);
    event_field(&ev, "VOXKEEPER_WORKER", "1");
    event_field(&ev, "VOXKEEPER_LAST_OUTPUT", "said by Anna");
    event_emit(&ev);
    event_fini(&ev);
    const struct happening *told = history_after(s->history, 0);
    struct cJSON *all = happening_json(told, false);
    char *text = cJSON_PrintUnformatted(all);
    assert_non_null(strstr(text, "\"fields\":{\"VOXKEEPER_WORKER\":\"1\"}"));
    assert_non_null(strstr(text, "\"withheld\":[\"VOXKEEPER_LAST_OUTPUT\"]"));
    assert_null(strstr(text, "Anna"));
    struct cJSON *whole = happening_json(told, true);
    assert_null(cJSON_GetObjectItem(whole, "withheld"));
    assert_string_equal(
        cJSON_GetObjectItem(cJSON_GetObjectItem(whole, "fields"), "VOXKEEPER_LAST_OUTPUT")
            ->valuestring,
        "said by Anna");
    cJSON_free(text);
    cJSON_Delete(all);
    cJSON_Delete(whole);
}

static void test_the_oldest_are_forgotten(void **state)
{
    struct scene *s = *state;
    char name[16];
    for (unsigned i = 1; i <= LIMIT_HISTORY_EVENTS + 2; i++) {
        snprintf(name, sizeof name, "%u", i);
        tell(EVENT_WORKER_STARTED, name);
    }
    assert_string_equal(happening_field(history_after(s->history, 0), "VOXKEEPER_WORKER"), "3");
    assert_int_equal(history_after(s->history, 2)->seq, 3);
    assert_int_equal(history_newest(s->history), LIMIT_HISTORY_EVENTS + 2);
}

static void test_long_values_are_cut(void **state)
{
    struct scene *s = *state;
    char *text = calloc(1, LIMIT_HISTORY_VALUE + 100);
    memset(text, 'x', LIMIT_HISTORY_VALUE + 99);
    tell(EVENT_WORKER_STARTED, text);
    const struct happening *only = history_after(s->history, 0);
    assert_int_equal(strlen(happening_field(only, "VOXKEEPER_WORKER")), LIMIT_HISTORY_VALUE);
    assert_int_equal(strlen(only->message), LIMIT_HISTORY_VALUE);
    free(text);
}

static void test_listeners_hear_later_in_order_and_once(void **state)
{
    struct scene *s = *state;
    struct listening one = {.answers = true};
    struct listening two = {0};
    tell(EVENT_WORKER_STARTED, "before");
    listen_to(s, &one);
    listen_to(s, &two);
    tell(EVENT_WORKER_STARTED, "a");
    tell(EVENT_WORKER_STARTED, "b");
    assert_string_equal(one.heard, "");
    bench_wait(
        &s->bench, strcmp(one.heard, "a b answer ") == 0 && strcmp(two.heard, "a b answer ") == 0);
    history_unlisten(s->history, &one.listener);
    tell(EVENT_WORKER_STARTED, "c");
    bench_wait(&s->bench, strcmp(two.heard, "a b answer c ") == 0);
    assert_string_equal(one.heard, "a b answer ");
    history_unlisten(s->history, &two.listener);
}

static void test_who_leaves_hears_no_more(void **state)
{
    struct scene *s = *state;
    struct listening leaver = {.leaves = true};
    struct listening stays = {0};
    listen_to(s, &leaver);
    listen_to(s, &stays);
    tell(EVENT_WORKER_STARTED, "a");
    tell(EVENT_WORKER_STARTED, "b");
    bench_wait(&s->bench, strcmp(stays.heard, "a b ") == 0);
    assert_string_equal(leaver.heard, "a ");
    history_unlisten(s->history, &stays.listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_told_is_remembered, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(
            test_what_is_not_for_everybody_is_withheld, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_the_oldest_are_forgotten, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_long_values_are_cut, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(
            test_listeners_hear_later_in_order_and_once, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_who_leaves_hears_no_more, open_scene, close_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
