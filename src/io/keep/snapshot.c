/*
 * Two copies, at 0 and at SNAPSHOT_STRIDE. A write goes over the one that is not the latest whole
 * one, body first: whatever moment it is cut at, that copy's sum does not fit its content, and the
 * other was not touched.
 */
#include "io/keep/snapshot.h"

#include "base/checksum.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SNAPSHOT_STRIDE = SNAPSHOT_MAX + 4096, COPIES = 2 };

/* "vkstate1" */
#define MAGIC UINT64_C(0x3165746174736b76)

struct header {
    uint64_t magic;
    uint64_t number; /* the higher one is the later */
    uint64_t len;
    uint64_t sum; /* of number, length and body */
};

struct copy {
    bool whole;
    struct header header;
    char *body; /* owned */
};

int snapshot_new(struct err *e)
{
    int fd = memfd_create("voxkeeper-state", MFD_CLOEXEC);
    return fd < 0 ? err_sys(e, -errno, "making room for the state") : fd;
}

static uint64_t sum_of(const struct header *h, const char *body)
{
    uint64_t sum = checksum_add(CHECKSUM_START, &h->number, sizeof h->number);
    return checksum_add(sum, body, (size_t)h->len);
}

/* Whether all of it could be read; *out_r is a negative errno if that is no mere end of file. */
static bool read_all(int fd, void *bytes, size_t len, off_t at, int *out_r)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, (char *)bytes + done, len - done, at + (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            *out_r = -errno;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static int write_all(int fd, const void *bytes, size_t len, off_t at)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pwrite(fd, (const char *)bytes + done, len - done, at + (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        done += (size_t)n;
    }
    return 0;
}

static off_t place_of(unsigned copy)
{
    return (off_t)copy * SNAPSHOT_STRIDE;
}

/* Returns 0 whether it is whole or not; c->body is to be freed in any case. */
static int read_copy(int fd, unsigned index, struct copy *c)
{
    int r = 0;
    off_t at = place_of(index);
    *c = (struct copy){0};
    if (!read_all(fd, &c->header, sizeof c->header, at, &r) || c->header.magic != MAGIC ||
        c->header.len > SNAPSHOT_MAX)
        return r;
    c->body = malloc((size_t)c->header.len + 1);
    if (!c->body)
        return -ENOMEM;
    c->whole = read_all(fd, c->body, (size_t)c->header.len, at + (off_t)sizeof c->header, &r) &&
               sum_of(&c->header, c->body) == c->header.sum;
    return r;
}

static void free_copies(struct copy copies[COPIES])
{
    for (unsigned i = 0; i < COPIES; i++)
        free(copies[i].body);
}

/* *out_latest is the later whole copy, NULL if there is none; the copies are to be freed in any
 * case.
 */
static int find_latest(
    int fd, struct copy copies[COPIES], const struct copy **out_latest, struct err *e)
{
    struct stat st;
    const struct copy *latest = NULL;
    memset(copies, 0, COPIES * sizeof *copies);
    if (fstat(fd, &st) < 0)
        return err_sys(e, -errno, "looking at the kept state");
    if (!S_ISREG(st.st_mode))
        return err_set(e, -EINVAL, "looking at the kept state: it is no memory file");
    for (unsigned i = 0; i < COPIES; i++) {
        int r = read_copy(fd, i, &copies[i]);
        if (r < 0)
            return err_sys(e, r, "reading the kept state");
        if (copies[i].whole && (!latest || copies[i].header.number > latest->header.number))
            latest = &copies[i];
    }
    *out_latest = latest;
    return 0;
}

int snapshot_write(int fd, const char *bytes, size_t len, struct err *e)
{
    struct copy copies[COPIES];
    const struct copy *latest = NULL;
    if (len > SNAPSHOT_MAX)
        return err_set(
            e, -EFBIG, "keeping the state: %zu bytes are more than %d", len, SNAPSHOT_MAX);
    int r = find_latest(fd, copies, &latest, e);
    struct header h = {.magic = MAGIC, .number = 1, .len = len};
    off_t at = place_of(0);
    if (latest) {
        h.number = latest->header.number + 1;
        at = place_of(latest == &copies[0] ? 1 : 0);
    }
    free_copies(copies);
    if (r < 0)
        return r;
    h.sum = sum_of(&h, bytes);
    r = write_all(fd, bytes, len, at + (off_t)sizeof h);
    if (r == 0)
        r = write_all(fd, &h, sizeof h, at);
    return r < 0 ? err_sys(e, r, "keeping the state") : 0;
}

int snapshot_read(int fd, struct strbuf *out, struct err *e)
{
    struct copy copies[COPIES];
    const struct copy *latest = NULL;
    int r = find_latest(fd, copies, &latest, e);
    if (latest)
        strbuf_add(out, latest->body, (size_t)latest->header.len);
    if (r == 0 && !latest)
        r = err_set(e, -ENODATA, "reading the kept state: there is no whole document");
    else if (r == 0 && out->failed)
        r = err_sys(e, -ENOMEM, "reading the kept state");
    free_copies(copies);
    return r;
}
