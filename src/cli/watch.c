/* Asking again and again, and showing what came. */
#include "cli/watch.h"

#include "base/timestamp.h"
#include "cli/api.h"
#include "cli/fit.h"
#include "cli/json.h"
#include "cli/say.h"
#include "cli/view.h"
#include "cli/watch_change.h"
#include "cli/watch_screen.h"
#include "voxkeeper/control.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PAUSE_MS = 1000, EVENTS = 12, CLOCK_WIDTH = 8, FOOT_WIDTH = 36 };

struct watch {
    struct cli cli;
    cJSON *status; /* the latest; NULL: none yet */
    cJSON *samples;
    cJSON *events;
    usec_t answered_wall; /* when that was */
    usec_t lost_wall;     /* 0: it answers */
};

static usec_t wall_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (usec_t)now.tv_sec * USEC_PER_SEC + (usec_t)now.tv_nsec / 1000;
}

/* What makes the page richer; an older daemon does not have it. */
static void ask_more(const struct cli *cli, const char *path, cJSON **kept)
{
    struct api_answer a;
    api_call(cli, "GET", path, NULL, &a);
    if (api_answer_ok(&a)) {
        cJSON_Delete(*kept);
        *kept = a.json;
        a.json = NULL;
    }
    api_answer_fini(&a);
}

/* Returns whether it was answered; else `a` says why not. */
static bool ask(struct watch *w, struct api_answer *a)
{
    api_call(&w->cli, "GET", VK_API_STATUS, NULL, a);
    if (!api_answer_ok(a) || json_get(a->json, "error")) {
        w->lost_wall = w->lost_wall ? w->lost_wall : wall_now();
        return false;
    }
    cJSON_Delete(w->status);
    w->status = a->json;
    a->json = NULL;
    w->answered_wall = wall_now();
    w->lost_wall = 0;
    return true;
}

static void add_loss(const struct watch *w, const struct api_answer *a, struct strbuf *out)
{
    const char *message = a->rc < 0 ? a->e.msg : json_text(a->json, "error.message");
    say_colored(out, w->cli.color, SAY_RED, "LOST CONTACT with voxkeeperd");
    strbuf_adds(out, " since ");
    say_clock(out, w->lost_wall);
    strbuf_adds(out, ": ");
    say_safe(out, message ? message : "its answer is none", "  ");
    strbuf_adds(out, "\nCallers may well be answered: workers outlive voxkeeperd. Trying again.\n");
    if (!w->status)
        return;
    strbuf_adds(out, "\nWhat it said at ");
    say_clock(out, w->answered_wall);
    strbuf_adds(out, ":\n");
}

/* What this is, and how to get out of it. */
static void add_foot(const struct watch *w, struct strbuf *frame)
{
    struct strbuf foot = STRBUF_INIT;
    bool wide = w->cli.columns >= FOOT_WIDTH;
    strbuf_adds(&foot, wide ? "every second, now " : "");
    if (w->cli.columns >= CLOCK_WIDTH)
        say_clock_zone(&foot, wall_now());
    strbuf_adds(&foot, wide ? "; q ends" : "");
    strbuf_addc(frame, '\n');
    say_colored(frame, w->cli.color, SAY_DIM, strbuf_text(&foot));
    strbuf_fini(&foot);
}

static void draw(struct watch *w, const struct api_answer *failed)
{
    struct screen_size size = screen_size();
    struct strbuf page = STRBUF_INIT, frame = STRBUF_INIT;
    w->cli.columns = size.columns;
    if (failed)
        add_loss(w, failed, &page);
    if (w->status)
        view_status(&w->cli, w->status, &page);
    view_samples(&w->cli, w->samples, &page);
    view_events(&w->cli, w->events, EVENTS, &page);
    fit_text(&frame, strbuf_text(&page), size.columns, size.rows > 1 ? size.rows - 1 : 1);
    if (size.rows > 1)
        add_foot(w, &frame);
    screen_draw(strbuf_text(&frame));
    strbuf_fini(&frame);
    strbuf_fini(&page);
}

static void watch_in_place(struct watch *w)
{
    do {
        struct api_answer a;
        bool answered = ask(w, &a);
        if (answered) {
            ask_more(&w->cli, VK_API_SAMPLES "?limit=120", &w->samples);
            ask_more(&w->cli, VK_API_EVENTS "?limit=12", &w->events);
        }
        draw(w, answered ? NULL : &a);
        api_answer_fini(&a);
    } while (screen_wait(PAUSE_MS));
}

static void print(const struct watch *w)
{
    struct strbuf out = STRBUF_INIT;
    if (w->cli.json) {
        char *text = cJSON_PrintUnformatted(w->status);
        strbuf_addf(&out, "%s\n", text ? text : "null");
        cJSON_free(text);
    } else {
        char now[TIMESTAMP_TEXT_MAX];
        strbuf_addf(&out, "--- %s\n", timestamp_format(w->answered_wall, now));
        view_status(&w->cli, w->status, &out);
    }
    say_print(&out);
}

/* Returns when nobody reads it any more. */
static int watch_in_lines(struct watch *w)
{
    cJSON *shown = NULL;
    bool lost = false;
    screen_end_by_interrupt();
    while (!ferror(stdout)) {
        struct api_answer a;
        bool answered = ask(w, &a);
        if (answered && (lost || watch_differs(shown, w->status))) {
            print(w);
            cJSON_Delete(shown);
            shown = cJSON_Duplicate(w->status, true);
        } else if (!answered && !lost) {
            api_explain(&w->cli, &a);
        }
        lost = !answered;
        api_answer_fini(&a);
        if (fflush(stdout) != 0)
            break;
        poll(NULL, 0, PAUSE_MS);
    }
    cJSON_Delete(shown);
    return VK_EXIT_FAILED;
}

int watch_status(const struct cli *cli)
{
    struct watch w = {.cli = *cli};
    int rc = VK_EXIT_DONE;
    if (!cli->json && screen_take()) {
        watch_in_place(&w);
        screen_leave();
    } else {
        rc = watch_in_lines(&w);
    }
    cJSON_Delete(w.status);
    cJSON_Delete(w.samples);
    cJSON_Delete(w.events);
    return rc;
}
