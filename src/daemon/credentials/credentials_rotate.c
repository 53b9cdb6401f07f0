/* The shell of core/credentials/rotation: reads files, asks providers, and begins rollouts. */
#include "daemon/credentials/credentials_parts.h"

#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/incidents/incidents.h"
#include "daemon/verbs/operation.h"
#include "daemon/verbs/verb_rollout.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/supervisor.h"

#include <stdio.h>
#include <string.h>

static void forget_candidate(struct credential *one)
{
    one->candidate = (struct credential_value_record){0};
    explicit_bzero(one->secrets->candidate, sizeof one->secrets->candidate);
}

/* The one that new workers get. */
static struct credential_value_record *in_use(struct credential *one)
{
    return one->record.next.fingerprint[0] ? &one->record.next : &one->record.used;
}

static void refuse(struct credential *one, const char *fingerprint, const char *words)
{
    if (fingerprint)
        memcpy(one->record.refused, fingerprint, DIGEST_TEXT);
    credential_tell(one, EVENT_CREDENTIAL_REFUSED, "", words,
        "its new value is refused, the one before stays in use");
    incidents_raise(
        one->all->daemon->incidents, CONDITION_CREDENTIAL_REFUSED, one->record.name, words);
    credentials_save(one->all);
}

static void read_file(struct credential *one)
{
    struct err e = {0};
    char *found = one->candidate.fingerprint;
    forget_candidate(one);
    if (credential_read(one->conf, one->secrets->candidate, &e) < 0) {
        refuse(one, NULL, e.msg);
        credential_rotate(one, ROTATION_EV_UNREADABLE);
        return;
    }
    credential_fingerprint(one->all, one->secrets->candidate, found);
    one->seen_at = loop_now();
    one->words[0] = '\0';
    if (strcmp(found, in_use(one)->fingerprint) == 0) {
        forget_candidate(one);
        one->trouble[0] = '\0';
        incidents_clear(one->all->daemon->incidents, CONDITION_CREDENTIAL_REFUSED, one->record.name,
            "the file holds the value in use");
        credential_rotate(one, ROTATION_EV_SAME);
    } else if (!one->looked && strcmp(found, one->record.refused) == 0) {
        forget_candidate(one);
        incidents_raise(one->all->daemon->incidents, CONDITION_CREDENTIAL_REFUSED, one->record.name,
            "the file still holds the value that was refused");
        credential_rotate(one, ROTATION_EV_REFUSED);
    } else {
        credential_rotate(one, ROTATION_EV_NEW);
    }
}

static bool may_roll_out(const struct daemon *d)
{
    return !d->restart_op && !d->reload.op && drainer_state(d->drainer)->state == DRAIN_OPEN &&
           supervisor_fleet(d->supervisor)->rollout.state == ROLLOUT_IDLE;
}

/* The value before is needed no more. */
static void settle(struct credential *one)
{
    if (!one->record.next.fingerprint[0])
        return;
    memcpy(one->secrets->used, one->secrets->next, sizeof one->secrets->used);
    explicit_bzero(one->secrets->next, sizeof one->secrets->next);
    one->record.used = one->record.next;
    one->record.next = (struct credential_value_record){0};
    one->trouble[0] = '\0';
    credentials_save(one->all);
}

static void taken(struct credential *one)
{
    char author[LIMIT_NAME + 16];
    if (one->rotation.state != ROTATION_ROLLING)
        return;
    snprintf(author, sizeof author, "credential %s", one->record.name);
    one->record.refused[0] = '\0';
    one->judged = one->valid = one->conf && one->conf->provider != PROVIDER_NONE;
    one->expires = 0;
    one->check_at = loop_now();
    credential_check_forget(one);
    credential_tell(
        one, EVENT_CREDENTIAL_IN_USE, author, one->words, "every worker has its new value");
    incidents_clear(one->all->daemon->incidents, CONDITION_CREDENTIAL_REFUSED, one->record.name,
        "a new value is in use");
    credential_rotate(one, ROTATION_EV_TAKEN);
}

/* From `from` on lives have the candidate. */
static void stage(struct credential *one, uint64_t from)
{
    memcpy(one->secrets->next, one->secrets->candidate, sizeof one->secrets->next);
    credential_grow(one);
    one->record.next = (struct credential_value_record){.age = usec_sub(loop_now(), one->seen_at)};
    memcpy(one->record.next.fingerprint, one->candidate.fingerprint, DIGEST_TEXT);
    one->record.from = from;
    credentials_save(one->all);
}

static void unstage(struct credential *one)
{
    explicit_bzero(one->secrets->next, sizeof one->secrets->next);
    one->record.next = (struct credential_value_record){0};
}

static void roll_out(struct credential *one)
{
    struct daemon *d = one->all->daemon;
    char author[LIMIT_NAME + 16];
    struct err e = {0};
    if (one->conf->environment && !may_roll_out(d))
        return;
    stage(one, supervisor_fleet(d->supervisor)->rollout.latest + 1);
    snprintf(author, sizeof author, "credential %s", one->record.name);
    const struct verb_asker asker = {.author = author, .reason = "its file holds a new value"};
    const struct operation *op = one->conf->environment ? verb_restart(d, &asker, &e) : NULL;
    one->operation = op ? operation_id(op) : 0;
    if (one->conf->environment && !op) {
        unstage(one); /* the next look tries again */
        credentials_save(one->all);
        return;
    }
    forget_candidate(one);
    credential_rotate(one, ROTATION_EV_BEGAN);
    if (!one->conf->environment) {
        taken(one);
        settle(one);
    }
}

static void refuse_what_failed(struct credential *one)
{
    char fingerprint[DIGEST_TEXT];
    bool staged = !one->candidate.fingerprint[0];
    memcpy(fingerprint, staged ? one->record.next.fingerprint : one->candidate.fingerprint,
        sizeof fingerprint);
    if (staged)
        unstage(one);
    forget_candidate(one);
    refuse(one, fingerprint, one->words);
}

static void perform(struct credential *one, enum rotation_action action)
{
    switch (action) {
    case ROTATION_DO_NOTHING:
        return;
    case ROTATION_DO_READ:
        read_file(one);
        one->looked = true;
        return;
    case ROTATION_DO_CHECK:
        credential_check_new(one);
        return;
    case ROTATION_DO_FORGET:
        if (one->checks_new)
            credential_check_forget(one);
        forget_candidate(one);
        return;
    case ROTATION_DO_TELL_UNVERIFIED:
        credential_tell(one, EVENT_CREDENTIAL_UNVERIFIED, "", one->words,
            "its new value cannot be verified now, the one before stays in use");
        return;
    case ROTATION_DO_REFUSE:
        refuse_what_failed(one);
        return;
    case ROTATION_DO_ROLL_OUT:
        roll_out(one);
        return;
    }
}

static void step(struct credential *one, struct rotation_event ev)
{
    ev.now = loop_now();
    ev.asked = one->conf && one->conf->provider != PROVIDER_NONE;
    struct rotation_update u = rotation_step(one->rotation, ev);
    one->rotation = u.next;
    perform(one, u.action);
}

void credential_rotate(struct credential *one, enum rotation_event_type type)
{
    step(one, (struct rotation_event){.type = type});
}

/* What stands before a rollout may refuse it: then the fleet never hears of it. */
static void look_after_rollout(struct credential *one)
{
    const struct daemon *d = one->all->daemon;
    const struct operation *op = operation_find(d->operations, one->operation);
    if (one->rotation.state != ROTATION_ROLLING || !op || operation_running(op) || !may_roll_out(d))
        return;
    snprintf(
        one->words, sizeof one->words, "its rollout was refused; `voxkeeper reload` tries again");
    credential_rotate(one, ROTATION_EV_BACK);
}

void credential_rotate_look(struct credential *one)
{
    look_after_rollout(one);
    struct file_stamp stamp = credential_stamp(one->conf);
    bool changed = !files_stamp_equal(&stamp, &one->stamp);
    one->stamp = stamp;
    step(one, (struct rotation_event){.type = ROTATION_EV_LOOKED, .changed = changed});
}

/* Before the verdict of its own rollout, or while the workers from before are kept warm. */
static void go_back(struct credential *one, const char *words)
{
    char fingerprint[DIGEST_TEXT];
    if (!one->record.next.fingerprint[0])
        return;
    /* Or it failed before it could be said that it began. */
    bool of_the_candidate = one->rotation.state == ROTATION_READY &&
                            strcmp(one->candidate.fingerprint, one->record.next.fingerprint) == 0;
    if (of_the_candidate || one->rotation.state == ROTATION_ROLLING)
        snprintf(one->words, sizeof one->words, "%s", words);
    if (of_the_candidate) {
        forget_candidate(one);
        credential_rotate(one, ROTATION_EV_BEGAN);
    }
    if (one->rotation.state == ROTATION_ROLLING) {
        credential_rotate(one, ROTATION_EV_BACK);
        return;
    }
    memcpy(fingerprint, one->record.next.fingerprint, sizeof fingerprint);
    unstage(one);
    refuse(one, fingerprint, words);
}

void credentials_told(struct credentials *c, const struct fleet_action *told)
{
    struct daemon *d = c->daemon;
    bool in_place = !supervisor_overlaps(d->supervisor);
    bool failed =
        told->type == FLEET_DO_TELL_RESTART_FAILED && in_place && told->cause != WORKER_CAUSE_STOP;
    bool back = told->type == FLEET_DO_TELL_ROLLOUT && told->rollout == ROLLOUT_BACK;
    bool over = told->type == FLEET_DO_TELL_ROLLOUT && told->rollout == ROLLOUT_IDLE;
    bool done = told->type == FLEET_DO_TELL_RESTARTED;
    bool again = false;
    const struct verb_asker asker = {.author = "voxkeeperd", .reason = "back to the value before"};
    for (unsigned i = 0; i < c->n; i++) {
        struct credential *one = c->all[i];
        if (!one->record.next.fingerprint[0])
            continue;
        again = again || failed;
        if (failed || back)
            go_back(one, strbuf_text(&d->rollout.failure.what)[0]
                             ? strbuf_text(&d->rollout.failure.what)
                             : "the workers do not do well with it");
        if (done || over)
            taken(one);
        if (over || (done && in_place))
            settle(one);
    }
    struct err e = {0};
    if (again && !d->reload.op && !verb_restart(d, &asker, &e))
        log_printf(LOG_LEVEL_ERR, "going back to the value of a credential before: %s", e.msg);
}
