/* Which values an instance begins with: those in use under the one before, wherever they are. */
#include "daemon/credentials/credentials_parts.h"

#include "daemon/daemon.h"
#include "daemon/succession/memory.h"

#include <stdio.h>
#include <string.h>

/* Finds the value of a fingerprint in the file (`candidate`), or in a worker. */
static bool find(struct credential *one, const char *fingerprint, char out[LIMIT_SECRET + 1])
{
    if (strcmp(one->candidate.fingerprint, fingerprint) == 0) {
        memcpy(out, one->secrets->candidate, LIMIT_SECRET + 1);
        return true;
    }
    return one->conf->environment &&
           credential_recover(one->all, one->conf->environment, fingerprint, out);
}

static void begin_next(struct credential *one)
{
    struct credential_record *r = &one->record;
    const struct former *former = memory_former(one->all->daemon->memory);
    enum rotation_resume resume =
        rotation_resume(former ? &former->saved.fleet.rollout : NULL, r->from);
    bool lives = resume == ROTATION_RESUME_GOES || resume == ROTATION_RESUME_WARM;
    if (resume == ROTATION_RESUME_TAKEN) {
        r->used = r->next;
    } else if (lives && find(one, r->next.fingerprint, one->secrets->next)) {
        one->rotation.state = resume == ROTATION_RESUME_WARM ? ROTATION_CALM : ROTATION_ROLLING;
        return;
    }
    r->next = (struct credential_value_record){0};
}

void credential_begin(struct credential *one)
{
    struct err e = {0};
    struct credential_record *r = &one->record;
    int read = credential_read(one->conf, one->secrets->candidate, &e);
    if (read == 0)
        credential_fingerprint(one->all, one->secrets->candidate, one->candidate.fingerprint);
    if (r->next.fingerprint[0])
        begin_next(one);
    if (r->used.fingerprint[0] && find(one, r->used.fingerprint, one->secrets->used)) {
        /* The same as before; if the file holds another one, that is seen at the first look. */
    } else if (read == 0) {
        memcpy(one->secrets->used, one->secrets->candidate, sizeof one->secrets->used);
        r->used = one->candidate;
        one->news = true;
    } else {
        snprintf(one->trouble, sizeof one->trouble, "%s", e.msg);
    }
    one->candidate = (struct credential_value_record){0};
    explicit_bzero(one->secrets->candidate, sizeof one->secrets->candidate);
}
