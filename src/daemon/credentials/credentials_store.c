/* What lasts: STATE/credentials, with the key of the fingerprints and what is known by them. */
#include "daemon/credentials/credentials_parts.h"

#include "base/log.h"
#include "daemon/daemon.h"
#include "io/boot.h"
#include "io/files/doc_dir.h"
#include "io/secret_memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define KEY "key"
#define RECORDS "credentials.json"
enum { RECORDS_MAX = 64 * 1024 };

static struct credential_clock clock_now(void)
{
    struct credential_clock now = {.boot = loop_now(), .wall = loop_wall_now()};
    boot_id(now.boot_id);
    return now;
}

static int make_key(struct credentials *c, struct err *e)
{
    unsigned char bytes[(DIGEST_TEXT - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return err_sys(e, -errno, "making a key for fingerprints");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(c->key + 2 * i, 3, "%02x", bytes[i]);
    explicit_bzero(bytes, sizeof bytes);
    return 0;
}

/* Made once. A key that cannot be read is not replaced: it may be readable again. */
static int read_key(struct credentials *c, struct err *e)
{
    char *text = NULL;
    size_t len = 0;
    int r = doc_dir_read(c->dir, KEY, DIGEST_TEXT, &text, &len, e);
    if (r == -ENOENT) {
        r = make_key(c, e);
        if (r == 0)
            doc_dir_put(c->dir, KEY, strdup(c->key));
        return r;
    }
    if (r < 0)
        return r;
    if (len != DIGEST_TEXT - 1 || text[strspn(text, "0123456789abcdef")])
        r = err_set(e, -EINVAL, "reading the key of fingerprints: it is no key");
    else
        memcpy(c->key, text, DIGEST_TEXT);
    explicit_bzero(text, len);
    free(text);
    return r;
}

static void read_records(struct credentials *c)
{
    struct err e = {0};
    char *text = NULL;
    size_t len = 0;
    const struct credential_clock now = clock_now();
    int r = doc_dir_read(c->dir, RECORDS, RECORDS_MAX, &text, &len, &e);
    if (r == 0)
        r = credential_record_read(text, &now, c->former, &e);
    free(text);
    c->n_former = r > 0 ? (unsigned)r : 0;
    if (r < 0 && r != -ENOENT) {
        log_printf(LOG_LEVEL_WARNING, "%s; ages of credentials begin anew", e.msg);
        if (r == -EINVAL && doc_dir_set_aside(c->dir, RECORDS, &e) < 0)
            log_printf(LOG_LEVEL_WARNING, "%s", e.msg);
    }
}

/* Before the first worker that has a secret in its environment. */
static void forbid_dumps(void)
{
    struct err e = {0};
    if (secret_memory_forbid_dumps(&e) < 0)
        log_printf(LOG_LEVEL_WARNING, "%s; a core dump of a worker would hold its secrets", e.msg);
}

void credentials_open(struct credentials *c)
{
    struct err e = {0};
    struct strbuf path = STRBUF_INIT;
    if (c->has_key)
        return;
    forbid_dumps();
    strbuf_addf(&path, "%s/credentials", c->daemon->config->admin.state_directory);
    c->dir = path.failed ? NULL : doc_dir_open(c->daemon->loop, strbuf_text(&path));
    strbuf_fini(&path);
    c->has_key = true;
    if (c->dir && read_key(c, &e) == 0) {
        read_records(c);
        return;
    }
    log_printf(LOG_LEVEL_WARNING, "%s; ages of credentials are not kept",
        e.msg[0] ? e.msg : "out of memory");
    doc_dir_free(c->dir);
    c->dir = NULL;
    if (!c->key[0] && make_key(c, &e) < 0)
        log_printf(LOG_LEVEL_ERR, "%s", e.msg);
}

void credential_grow(struct credential *one)
{
    usec_t now = loop_now();
    usec_t since = usec_sub(now, one->aged_at);
    one->record.used.age = usec_add(one->record.used.age, since);
    one->record.next.age = usec_add(one->record.next.age, since);
    one->aged_at = now;
}

void credentials_save(struct credentials *c)
{
    struct credential_record records[LIMIT_CREDENTIALS];
    struct strbuf text = STRBUF_INIT;
    const struct credential_clock now = clock_now();
    unsigned n = 0;
    if (!c->dir)
        return;
    for (unsigned i = 0; i < c->n; i++) {
        struct credential *one = c->all[i];
        credential_grow(one);
        if (n < LIMIT_CREDENTIALS && one->conf)
            records[n++] = one->record;
    }
    credential_record_write(records, n, &now, &text);
    doc_dir_put(c->dir, RECORDS, strbuf_take(&text));
}
