/* Callers whose calls break off. */
#include "daemon/workers/cut.h"

#include "base/text.h"
#include "core/event.h"
#include "daemon/workers/connections.h"
#include "daemon/workers/drain_words.h"
#include "daemon/workers/slot.h"
#include "io/files/files.h"
#include "io/loop/loop.h"

void cut_names(const struct sock_connections *connections, struct strbuf *out)
{
    for (size_t i = 0; i < connections->n && i < LIMIT_CUT_CALLERS; i++) {
        const struct sock_connection *conn = &connections->items[i];
        char peer[SOCK_PEER_TEXT_MAX];
        struct strbuf name = STRBUF_INIT;
        strbuf_addf(&name, "%s port %u", sock_peer_text(&conn->peer, peer), conn->peer.port);
        if (i > 0)
            strbuf_addc(out, ',');
        text_json(out, strbuf_text(&name), name.len);
        strbuf_fini(&name);
    }
}

void cut_write(const struct config *config, uint64_t n, const char *names_json)
{
    struct err e = {0};
    struct strbuf line = STRBUF_INIT;
    struct strbuf path = STRBUF_INIT;
    strbuf_addf(&path, "%s/callers-cut.jsonl", config->admin.state_directory);
    strbuf_addf(&line, "{\"at_usec\":%llu,\"callers\":%llu,\"who\":%s}\n",
        (unsigned long long)loop_wall_now(), (unsigned long long)n, names_json);
    if (files_append(strbuf_text(&path), strbuf_text(&line), line.len, &e) < 0)
        log_printf(LOG_LEVEL_WARNING, "%s; whom we cut is in the event only", e.msg);
    strbuf_fini(&path);
    strbuf_fini(&line);
}

static void emit(const struct slot *slot, unsigned index, uint64_t n, const char *names)
{
    struct event ev;
    struct strbuf words = STRBUF_INIT;
    drain_words_count(n, &words);
    event_init(&ev, EVENT_CALLERS_CUT);
    event_message(&ev, "%s cut: worker %u was paused, and Timeout= of [Drain] has passed",
        strbuf_text(&words), index + 1);
    event_field(&ev, "VOXKEEPER_WORKER", "%u", index + 1);
    event_field(&ev, "VOXKEEPER_GENERATION", "%llu", (unsigned long long)slot_generation(slot));
    event_field(&ev, "VOXKEEPER_LIFE", "%llu", (unsigned long long)slot_life(slot));
    event_field(&ev, "WORKER_PID", "%d", (int)slot_pid(slot));
    event_field(&ev, "OBJECT_PID", "%d", (int)slot_pid(slot));
    if (slot_release(slot)[0])
        event_field(&ev, "VOXKEEPER_RELEASE", "%s", slot_release(slot));
    event_field(&ev, "VOXKEEPER_CALLERS", "%llu", (unsigned long long)n);
    event_field(&ev, "VOXKEEPER_CALLER_NAMES", "%s", names);
    event_emit(&ev);
    event_fini(&ev);
    strbuf_fini(&words);
}

void cut_tell_worker(const struct config *config, struct connections *connections,
    const struct slot *slot, unsigned index)
{
    struct sock_connections found = {0};
    struct strbuf names = STRBUF_INIT;
    if (connections_list_now(connections, &found) == 0 && slot_pick_connections(slot, &found) > 0) {
        strbuf_adds(&names, "{\"connections\":[");
        cut_names(&found, &names);
        strbuf_adds(&names, "],\"tasks\":[],\"sessions\":[]}");
        emit(slot, index, found.n, strbuf_text(&names));
        cut_write(config, found.n, strbuf_text(&names));
    }
    strbuf_fini(&names);
    sock_connections_fini(&found);
}
