/*
 * Every way of new values into use: a file that changes at any time, a provider that says good, bad
 * or nothing, rollouts that are refused, fail, or go back when all seemed well, and an instance of
 * voxkeeperd that ends anywhere. What daemon/credentials does around the machine is done here in
 * its words; the machine, and what a later instance makes of the records, are the real ones.
 *
 * - No worker has a value of which nobody said that it is good.
 * - A life of an old generation that is begun anew has what the others of it have.
 * - A good value that stands in the file comes into use, unless workers failed with it.
 */
#include "core/credentials/rotation.h"

#include "explore.h"

#include <stdio.h>
#include <string.h>

enum value { NONE, FIRST, GOOD, BAD, JUNK, BREAKS }; /* BREAKS: good, but not for the workers */

enum fleet { CALM, GATE, REFUSED, GOES, WARM, BACK, OTHER };

struct node {
    struct rotation machine;
    enum value file;
    bool seen;   /* the last look saw it as it is */
    bool looked; /* it was read since this instance began */
    enum value candidate;
    enum value asked; /* the value that the provider is asked about */
    enum value used;  /* these three are on disk */
    enum value next;
    enum value refused;
    enum fleet fleet;
    enum value old; /* what the workers have */
    enum value new;
    unsigned proven; /* bit of each value that was said to be good */
    bool failed;     /* what the file holds was refused: by workers, or by whoever took it back */
};

enum { WAITS, ARRIVED };

static bool bit(unsigned set, enum value v)
{
    return set >> v & 1;
}

static void check(struct explore *x, const struct node *n)
{
    bool has_new = n->fleet == GOES || n->fleet == WARM;
    EXPLORE_CHECK(x, bit(n->proven, n->old));
    EXPLORE_CHECK(x, !has_new || bit(n->proven, n->new));
    EXPLORE_CHECK(x, n->used == n->old);
    EXPLORE_CHECK(x, !has_new || n->next == n->new);
    EXPLORE_CHECK(x, has_new || n->fleet == GATE || n->fleet == REFUSED || n->next == NONE);
    EXPLORE_CHECK(x, n->asked == NONE || n->asked == n->candidate);
}

static void step(struct node *n, struct rotation_event ev);

static void rotate(struct node *n, enum rotation_event_type type)
{
    step(n, (struct rotation_event){.type = type});
}

static void read_file(struct node *n)
{
    n->candidate = NONE;
    if (n->file == JUNK) {
        rotate(n, ROTATION_EV_UNREADABLE);
    } else if (n->file == (n->next ? n->next : n->used)) {
        rotate(n, ROTATION_EV_SAME);
    } else if (!n->looked && n->file == n->refused) {
        n->failed = true;
        rotate(n, ROTATION_EV_REFUSED);
    } else {
        n->candidate = n->file;
        rotate(n, ROTATION_EV_NEW);
    }
    n->looked = true;
}

static void roll_out(struct node *n)
{
    if (n->fleet != CALM)
        return;
    n->next = n->candidate;
    n->candidate = NONE;
    n->fleet = GATE;
    rotate(n, ROTATION_EV_BEGAN);
}

static void refuse(struct node *n)
{
    n->refused = n->candidate ? n->candidate : n->next;
    if (!n->candidate)
        n->next = NONE;
    n->candidate = NONE;
}

static void step(struct node *n, struct rotation_event ev)
{
    ev.asked = true;
    struct rotation_update u = rotation_step(n->machine, ev);
    n->machine = u.next;
    switch (u.action) {
    case ROTATION_DO_NOTHING:
    case ROTATION_DO_TELL_UNVERIFIED:
        break;
    case ROTATION_DO_READ:
        read_file(n);
        break;
    case ROTATION_DO_CHECK:
        n->asked = n->candidate;
        break;
    case ROTATION_DO_FORGET:
        n->asked = n->candidate = NONE;
        break;
    case ROTATION_DO_REFUSE:
        refuse(n);
        break;
    case ROTATION_DO_ROLL_OUT:
        roll_out(n);
        break;
    }
}

/* Times relative to now: a wait is over or not, and who failed once has failed. */
static void go(struct explore *x, struct node n, bool certain)
{
    struct node clean;
    memset(&clean, 0, sizeof clean);
    clean = n;
    memset(&clean.machine, 0, sizeof clean.machine);
    clean.machine.state = n.machine.state;
    clean.machine.again = n.machine.again;
    clean.machine.failures = n.machine.failures > 0;
    clean.machine.until = n.machine.state == ROTATION_RETRYING;
    check(x, &clean);
    explore_edge(x, &clean, certain);
}

static void look(struct explore *x, struct node n, bool due)
{
    explore_try(x, due ? "look, when it is due" : "look");
    bool changed = !n.seen;
    n.seen = true;
    if (n.fleet == REFUSED) {
        n.fleet = CALM;
        n.failed = true;
        rotate(&n, ROTATION_EV_BACK);
    }
    step(&n, (struct rotation_event){
                 .type = ROTATION_EV_LOOKED, .changed = changed, .now = due ? USEC_PER_HOUR : 0});
    go(x, n, true);
}

static void write_file(struct explore *x, struct node n, enum value v, const char *label)
{
    if (n.file == v)
        return;
    explore_try(x, label);
    n.file = v;
    n.seen = false;
    n.failed = false;
    go(x, n, false);
}

static void answer(struct explore *x, struct node n, bool says)
{
    explore_try(x, says ? "the provider answers" : "the provider is down");
    bool good = n.asked != BAD;
    if (says && good)
        n.proven |= 1U << n.asked;
    n.asked = NONE;
    rotate(&n, !says ? ROTATION_EV_UNKNOWN : good ? ROTATION_EV_GOOD : ROTATION_EV_BAD);
    go(x, n, says);
}

/* The rollout goes back: daemon/credentials' go_back(). */
static void go_back(struct explore *x, struct node n, const char *label, bool certain)
{
    explore_try(x, label);
    n.failed = n.failed || n.file == n.next;
    n.fleet = BACK;
    if (n.machine.state == ROTATION_ROLLING) {
        rotate(&n, ROTATION_EV_BACK);
    } else {
        n.refused = n.next;
        n.next = NONE;
    }
    n.new = NONE;
    go(x, n, certain);
}

static void move_fleet(struct explore *x, struct node n)
{
    struct node to = n;
    switch (n.fleet) {
    case CALM:
        explore_try(x, "somebody restarts the workers");
        to.fleet = OTHER;
        go(x, to, false);
        return;
    case OTHER:
        explore_try(x, "that restart ends");
        to.fleet = CALM;
        go(x, to, true);
        return;
    case GATE:
        explore_try(x, "the rollout begins");
        to.fleet = GOES;
        to.new = n.next;
        go(x, to, true);
        explore_try(x, "the checklist refuses it");
        to = n;
        to.fleet = REFUSED;
        go(x, to, false);
        return;
    case REFUSED:
        return;
    case GOES:
        go_back(x, n, "the rollout fails", n.new == BREAKS);
        if (n.new == BREAKS)
            return;
        explore_try(x, "every worker has it");
        to.fleet = WARM;
        if (to.machine.state == ROTATION_ROLLING)
            rotate(&to, ROTATION_EV_TAKEN);
        go(x, to, true);
        return;
    case WARM:
        go_back(x, n, "it is taken back", false);
        explore_try(x, "the old ones go");
        to.fleet = CALM;
        to.old = to.used = to.next;
        to.new = to.next = NONE;
        go(x, to, true);
        return;
    case BACK:
        explore_try(x, "it has gone back");
        to.fleet = CALM;
        go(x, to, true);
        return;
    }
}

static bool somebody_has(const struct node *n, enum value v)
{
    return n->file == v || n->old == v || n->new == v;
}

/* Another instance: what is in memory is gone, records and workers are there. */
static void restart(struct explore *x, struct node n)
{
    static const enum rollout_state states[] = {[CALM] = ROLLOUT_IDLE,
        [GATE] = ROLLOUT_IDLE,
        [REFUSED] = ROLLOUT_IDLE,
        [GOES] = ROLLOUT_BAKING,
        [WARM] = ROLLOUT_WARM,
        [BACK] = ROLLOUT_BACK,
        [OTHER] = ROLLOUT_ROLLING};
    explore_try(x, "voxkeeperd ends, and another instance begins");
    bool began = n.fleet != GATE && n.fleet != REFUSED;
    const struct rollout former = {.state = states[n.fleet], .latest = began ? 2 : 1};
    n.machine = (struct rotation){0};
    n.candidate = n.asked = NONE;
    n.seen = n.looked = false;
    if (!began)
        n.fleet = CALM; /* the checklist ended with who ran it */
    if (n.next != NONE) {
        enum rotation_resume resume = rotation_resume(&former, 2);
        bool lives = resume == ROTATION_RESUME_GOES || resume == ROTATION_RESUME_WARM;
        EXPLORE_CHECK(x, !lives || somebody_has(&n, n.next));
        if (resume == ROTATION_RESUME_TAKEN)
            n.used = n.next;
        if (resume == ROTATION_RESUME_GOES)
            n.machine.state = ROTATION_ROLLING;
        if (!lives)
            n.next = NONE;
    }
    EXPLORE_CHECK(x, somebody_has(&n, n.used));
    go(x, n, false);
}

static void expand(struct explore *x, const void *state)
{
    struct node n;
    memcpy(&n, state, sizeof n);
    if (n.file == GOOD && !n.failed)
        explore_mark(x, WAITS);
    if (n.used == GOOD || n.next == GOOD || n.file != GOOD || n.failed)
        explore_mark(x, ARRIVED);
    write_file(x, n, FIRST, "the file holds the first value");
    write_file(x, n, GOOD, "the file holds a good value");
    write_file(x, n, BAD, "the file holds a bad value");
    write_file(x, n, JUNK, "the file holds junk");
    write_file(x, n, BREAKS, "the file holds a value that breaks the workers");
    look(x, n, false);
    if (n.machine.state == ROTATION_RETRYING)
        look(x, n, true);
    if (n.asked != NONE) {
        answer(x, n, true);
        answer(x, n, false);
    }
    move_fleet(x, n);
    restart(x, n);
}

int main(void)
{
    struct node initial;
    memset(&initial, 0, sizeof initial);
    initial.file = initial.used = initial.old = FIRST;
    initial.seen = initial.looked = true;
    initial.proven = 1U << FIRST;
    struct explore *x = explore_new(sizeof initial, 2000000);
    explore_run(x, &initial, expand);
    bool arrives = explore_leads(x, WAITS, ARRIVED);
    printf("rotation: %zu states, %zu steps\n", explore_states(x), explore_steps(x));
    explore_free(x);
    return arrives ? 0 : 1;
}
