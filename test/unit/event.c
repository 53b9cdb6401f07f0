/* core/event: what reaches the sink, and that the list of events is sound. */
#include "core/event.h"

#include "cmocka_all.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static struct {
    unsigned n;
    enum log_level level;
    char text[1024]; /* "MESSAGE|NAME=value|..", \0 shown as 0 */
} seen;

static void sink(const struct log_record *record, void *arg)
{
    (void)arg;
    seen.n++;
    seen.level = record->level;
    int used =
        snprintf(seen.text, sizeof seen.text, "%.*s", (int)record->message_len, record->message);
    for (size_t i = 0; i < record->n_fields; i++) {
        char value[256];
        size_t len = record->fields[i].len;
        assert_true(len < sizeof value);
        memcpy(value, record->fields[i].value, len);
        value[len] = '\0';
        for (size_t k = 0; k < len; k++)
            value[k] = value[k] ? value[k] : '0';
        used += snprintf(seen.text + used, sizeof seen.text - (size_t)used, "|%s=%s",
            record->fields[i].name, value);
    }
}

static void an_event_carries_its_identity_and_fields(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    log_set_sink(sink, NULL);
    log_set_max_level(LOG_LEVEL_DEBUG);
    struct event ev;
    event_init(&ev, (enum event_id)0);
    event_message(&ev, "worker %d", 3);
    event_message(&ev, " is well");
    event_message_lines(&ev, "", "");
    event_message_lines(&ev, ", it says", "one\n\ntwo\n");
    event_field(&ev, "VOXKEEPER_WORKER", "%d", 3);
    event_field_bytes(&ev, "VOXKEEPER_EVIDENCE", "a\0b", 3);
    event_field_bytes(&ev, "VOXKEEPER_EMPTY", "", 0);
    event_duration(&ev, 1500);
    event_emit(&ev);
    event_fini(&ev);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.level, event_level((enum event_id)0));
    char expected[1024];
    snprintf(expected, sizeof expected,
        "worker 3 is well, it says: one; two|MESSAGE_ID=%s|VOXKEEPER_EVENT=%s"
        "|DOCUMENTATION=file:///usr/share/doc/voxkeeper/runbook.md#%s"
        "|VOXKEEPER_WORKER=3|VOXKEEPER_EVIDENCE=a0b|VOXKEEPER_EMPTY="
        "|VOXKEEPER_DURATION_USEC=1500",
        event_message_id((enum event_id)0), event_name((enum event_id)0),
        event_anchor((enum event_id)0));
    assert_string_equal(seen.text, expected);
    log_set_sink(NULL, NULL);
}

static void the_most_fields_fit(void **state)
{
    (void)state;
    struct event ev;
    event_init(&ev, (enum event_id)0);
    for (unsigned i = 0; i < EVENT_FIELDS_MAX; i++)
        event_field(&ev, "VOXKEEPER_FIELD", "%u", i);
    event_emit(&ev);
    assert_int_equal(ev.n_fields, EVENT_FIELDS_MAX);
    event_fini(&ev);
}

static void every_event_is_well_formed_and_unique(void **state)
{
    (void)state;
    for (int i = 0; i < EVENT_COUNT; i++) {
        enum event_id id = (enum event_id)i;
        assert_int_equal(strlen(event_message_id(id)), 32);
        for (const char *c = event_message_id(id); *c; c++)
            assert_true(isdigit((unsigned char)*c) || (*c >= 'a' && *c <= 'f'));
        assert_true(strlen(event_name(id)) > 0 && strlen(event_anchor(id)) > 0);
        for (const char *c = event_name(id); *c; c++)
            assert_true(
                islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '-' || *c == '_');
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(event_message_id(id), event_message_id((enum event_id)k));
            assert_string_not_equal(event_name(id), event_name((enum event_id)k));
        }
    }
}

static void empty_text_is_missing(void **state)
{
    (void)state;
    struct event ev;
    event_init(&ev, EVENT_WORKER_STARTED);
    event_field_text(&ev, "VOXKEEPER_REASON", "");
    assert_int_equal(ev.n_fields, 0);
    event_field_text(&ev, "VOXKEEPER_REASON", "100%s");
    assert_string_equal(strbuf_text(&ev.fields[0].value), "100%s");
    event_fini(&ev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_text_is_missing),
        cmocka_unit_test(an_event_carries_its_identity_and_fields),
        cmocka_unit_test(the_most_fields_fit),
        cmocka_unit_test(every_event_is_well_formed_and_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
