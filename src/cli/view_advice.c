/* What somebody should do now, in the order of urgency. */
#include "cli/json.h"
#include "cli/say.h"
#include "cli/view.h"

#include <string.h>

enum { ID_MAX = 80 };

static bool is(const cJSON *object, const char *path, const char *value)
{
    const char *text = json_text(object, path);
    return text && strcmp(text, value) == 0;
}

/* The worst, of those the newest: they come in this order. NULL: none. */
static const cJSON *worst_incident(const cJSON *incidents)
{
    static const char *const severities[] = {"P1", "P2", "P3"};
    const cJSON *incident;
    for (size_t i = 0; i < sizeof severities / sizeof *severities; i++) {
        cJSON_ArrayForEach(incident, incidents)
        {
            if (is(incident, "severity", severities[i]))
                return incident;
        }
    }
    return NULL;
}

static void advise_incidents(const cJSON *status, struct strbuf *out)
{
    const cJSON *incident = worst_incident(json_get(status, "incidents"));
    const char *id = json_text(incident, "id");
    bool in_hand = json_text(incident, "acknowledged.at") != NULL;
    if (!id)
        return;
    strbuf_adds(out, "- what happened, and what to do");
    strbuf_adds(out, in_hand ? ":" : "; say that you have it in hand:");
    strbuf_adds(out, "\n    voxkeeper incidents ");
    say_word(out, id, ID_MAX);
    if (!in_hand) {
        strbuf_adds(out, "\n    voxkeeper acknowledge ");
        say_word(out, id, ID_MAX);
    }
    strbuf_addc(out, '\n');
}

static void advise_workers(const cJSON *status, struct strbuf *out)
{
    const cJSON *worker;
    cJSON_ArrayForEach(worker, json_get(status, "workers.list"))
    {
        uint64_t slot;
        if (!json_true(worker, "looping") || !json_count(worker, "slot", &slot))
            continue;
        strbuf_addf(out,
            "- worker %llu dies again and again. What it said last:\n"
            "    voxkeeper logs --worker=%llu --lines=20\n",
            (unsigned long long)slot, (unsigned long long)slot);
    }
}

static void advise_state(const cJSON *status, struct strbuf *out)
{
    uint64_t serving;
    if (is(status, "state", "drained") || is(status, "state", "draining"))
        strbuf_adds(out, "- somebody asked for a drain; to take callers again:\n"
                         "    voxkeeper resume\n");
    else if (is(status, "state", "down") || (json_count(status, "workers.serving", &serving) &&
                                                serving == 0 && !is(status, "state", "starting")))
        strbuf_adds(out, "- nobody serves callers. What voxkeeperd did and saw:\n"
                         "    voxkeeper logs --lines=50\n");
}

static void advise_rollout(const cJSON *status, struct strbuf *out)
{
    if (is(status, "rollout.state", "hold"))
        strbuf_adds(out, "- a rollout failed and waits for your decision. Why, and then one of:\n"
                         "    voxkeeper rollout\n"
                         "    voxkeeper rollout promote\n"
                         "    voxkeeper rollout abort\n");
}

static void advise_redis(const cJSON *status, struct strbuf *out)
{
    if (is(status, "dependency.redis.state", "down"))
        strbuf_adds(out,
            "- nobody answers at Redis' address; without Redis callers' sessions are not\n"
            "  stored. No worker is restarted for that; look after the Redis server.\n"
            "  What the doctor sees of it:\n"
            "    voxkeeper doctor\n");
    else if (is(status, "dependency.redis.state", "loading"))
        strbuf_adds(out, "- Redis runs but cannot serve yet; wait, or look at its log.\n");
    else if (is(status, "dependency.redis.state", "refused"))
        strbuf_adds(out, "- Redis refuses voxkeeper itself: check [Redis] Username=, "
                         "PasswordCredential=\n  and the rights of that user.\n");
}

static void advise_provider(const cJSON *status, struct strbuf *out)
{
    if (json_true(status, "dependency.provider_down"))
        strbuf_adds(out,
            "- a provider is down, see the last probe. No worker is restarted for that, and\n"
            "  a rollout waits; look at the provider's status page, key and quota.\n");
}

static void advise_rest(const cJSON *status, struct strbuf *out)
{
    uint64_t dropped;
    if (json_text(status, "sweep.last.error"))
        strbuf_adds(out, "- the last sweep failed; once its cause is gone:\n"
                         "    voxkeeper sweep --dry-run\n");
    if (json_count(status, "log.dropped", &dropped) && dropped > 0) {
        strbuf_adds(out, "- ");
        say_number(out, dropped, "log line was", "log lines were");
        strbuf_adds(out, " dropped: the journal could not keep up.\n");
    }
}

void view_advice(const cJSON *status, bool use_color, struct strbuf *out)
{
    struct strbuf advice = STRBUF_INIT;
    advise_incidents(status, &advice);
    advise_state(status, &advice);
    advise_workers(status, &advice);
    advise_rollout(status, &advice);
    advise_redis(status, &advice);
    advise_provider(status, &advice);
    advise_rest(status, &advice);
    if (advice.len > 0) {
        strbuf_addc(out, '\n');
        say_colored(out, use_color, SAY_BOLD, "What to do");
        strbuf_addf(out, "\n%s", strbuf_text(&advice));
    }
    strbuf_fini(&advice);
}
