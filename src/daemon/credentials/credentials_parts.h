/* The insides of `struct credentials`, shared by its files. */
#pragma once

#include "core/credentials/credential_record.h"
#include "core/credentials/provider_check.h"
#include "core/credentials/rotation.h"
#include "core/event.h"
#include "daemon/credentials/credentials.h"
#include "io/files/files.h"
#include "io/loop/loop.h"

/* In secret memory. */
struct credential_secrets {
    char used[LIMIT_SECRET + 1];
    char next[LIMIT_SECRET + 1];      /* of generation `record.from` and later */
    char candidate[LIMIT_SECRET + 1]; /* what the file holds, while it is verified */
};

struct credential {
    struct credentials *all;
    const struct config_credential *conf; /* in force; NULL: older workers may still need it */
    struct credential_record record;      /* ages as of `aged_at` */
    usec_t aged_at;
    struct credential_secrets *secrets;
    bool news;                    /* its value is another one than the instance before had */
    struct file_stamp stamp;      /* when it was looked at last */
    enum credential_age told_age; /* by this instance, to the incident */
    char trouble[ERR_MSG_MAX];    /* why there is no value in use; "": there is */
    bool looked;                  /* its file was read since the start */
    struct rotation rotation;
    uint64_t operation;                       /* that brings it */
    struct credential_value_record candidate; /* age: 0 at `seen_at` */
    usec_t seen_at;
    struct provider_check *check; /* under way; of the candidate if `checks_new` */
    bool checks_new;
    usec_t check_at; /* the value in use */
    bool judged, valid, counted, low;
    double quota;
    usec_t expires; /* the value in use, as its provider says; wall time, 0: it does not */
    char words[PROVIDER_WORDS_MAX + 32]; /* of the provider, or of a rollout */
};

struct credentials {
    struct daemon *daemon;
    struct doc_dir *dir; /* NULL: nothing is kept */
    struct timer *look;
    bool begun;
    bool has_key;
    char key[DIGEST_TEXT]; /* of the fingerprints */
    struct credential *all[2 * LIMIT_CREDENTIALS];
    unsigned n;
    struct credential_record former[LIMIT_CREDENTIALS]; /* that nobody has asked for yet */
    unsigned n_former;
};

/* credentials_value.c: one line of a file, which *out alone holds. Returns 0, or a negative errno
 * with *e, which never quotes it. */
int credential_read(
    const struct config_credential *conf, char out[LIMIT_SECRET + 1], struct err *e);
struct file_stamp credential_stamp(const struct config_credential *conf);
void credential_fingerprint(const struct credentials *c, const char *value, char out[DIGEST_TEXT]);
/* What a worker of the instance before has, if its fingerprint is this one. */
bool credential_recover(
    struct credentials *c, const char *variable, const char *fingerprint, char *out);

/* credentials_store.c */
/* Brings the ages up to now. */
void credential_grow(struct credential *one);
void credentials_open(struct credentials *c);
void credentials_save(struct credentials *c);

/* credentials_begin.c: the values that this instance begins with. */
void credential_begin(struct credential *one);

/* credentials_age.c */
usec_t credential_age_now(const struct credential *one);
void credential_age_look(struct credential *one);

/* credentials_check.c: what the provider says. Of the candidate it goes to the rotation. */
void credential_check_new(struct credential *one);
void credential_check_look(struct credential *one);
void credential_check_forget(struct credential *one);

/* credentials_rotate.c */
void credential_rotate_look(struct credential *one);
void credential_rotate(struct credential *one, enum rotation_event_type type);

/* credentials_tell.c: an event about it; `reason` "" if there is none. */
void credential_tell(const struct credential *one, enum event_id id, const char *author,
    const char *reason, const char *message);
/* Every incident about it is over. */
void credential_clear(const struct credential *one, const char *words);

struct credential *credentials_find(struct credentials *c, const char *name);
