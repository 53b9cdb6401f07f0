/* What one sweep may remove. */
#include "core/sweep/sweep_fuse.h"

#include "base/num.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int parse_word(const char *word, struct sweep_cap *cap, bool *has_count, bool *has_share)
{
    size_t len = strlen(word);
    char digits[24];
    uint64_t n = 0;
    if (len == 0 || len >= sizeof digits)
        return -EINVAL;
    bool share = word[len - 1] == '%';
    snprintf(digits, sizeof digits, "%.*s", (int)(share ? len - 1 : len), word);
    if (share ? *has_share : *has_count)
        return -EINVAL;
    if (share) {
        *has_share = true;
        if (num_parse_u64(digits, 1, 100, &n) < 0)
            return -EINVAL;
        cap->percent = (unsigned)n;
        return 0;
    }
    *has_count = true;
    if (strcmp(digits, "infinity") == 0)
        n = UINT64_MAX;
    else if (num_parse_u64(digits, 1, UINT64_C(1) << 53, &n) < 0)
        return -EINVAL;
    cap->count = n;
    return 0;
}

int sweep_cap_parse(const char *text, struct sweep_cap *out)
{
    struct sweep_cap cap = {.count = UINT64_MAX, .percent = SWEEP_FUSE_NO_SHARE};
    char words[2][32] = {"", ""};
    bool has_count = false;
    bool has_share = false;
    char surplus = '\0';
    int n = sscanf(text, "%31s %31s %c", words[0], words[1], &surplus);
    int r = n == 1 || n == 2 ? 0 : -EINVAL;
    for (int i = 0; r == 0 && i < n; i++)
        r = parse_word(words[i], &cap, &has_count, &has_share);
    if (r == 0)
        *out = cap;
    return r;
}

bool sweep_cap_is_none(const struct sweep_cap *cap)
{
    return cap->count == UINT64_MAX && cap->percent >= SWEEP_FUSE_NO_SHARE;
}

void sweep_cap_format(const struct sweep_cap *cap, struct strbuf *out)
{
    if (sweep_cap_is_none(cap))
        strbuf_adds(out, "infinity");
    if (cap->count != UINT64_MAX)
        strbuf_addf(out, "%" PRIu64, cap->count);
    if (cap->percent < SWEEP_FUSE_NO_SHARE)
        strbuf_addf(out, "%s%u%%", cap->count != UINT64_MAX ? " " : "", cap->percent);
}

/* Without overflow for any counts. */
static bool exceeds_share(const struct sweep_fuse_count *c, unsigned percent)
{
    uint64_t whole = c->keys / 100 * percent + c->keys % 100 * percent / 100;
    return c->removable >= SWEEP_FUSE_SHARE_FROM && c->removable > whole;
}

bool sweep_fuse_allows(const struct sweep_cap *cap, const struct sweep_fuse_count *counts,
    unsigned n, char (*why)[160])
{
    uint64_t all = 0;
    for (unsigned i = 0; i < n; i++)
        all += counts[i].removable;
    if (all > cap->count) {
        snprintf(*why, sizeof *why, "%" PRIu64 " keys would go, MaxDelete=%" PRIu64 " at most", all,
            cap->count);
        return false;
    }
    for (unsigned i = 0; i < n && cap->percent < SWEEP_FUSE_NO_SHARE; i++) {
        if (!exceeds_share(&counts[i], cap->percent))
            continue;
        snprintf(*why, sizeof *why,
            "%" PRIu64 " of the %" PRIu64 " keys of %.64s would go, MaxDelete=%u%% at most",
            counts[i].removable, counts[i].keys, counts[i].keyspace, cap->percent);
        return false;
    }
    return true;
}

/* ---- leave ---- */

struct sweep_permit sweep_permit_grant(
    uint64_t random, usec_t now, uint64_t removable, const char *keyspace, usec_t older_than)
{
    struct sweep_permit p = {.until = usec_add(now, SWEEP_PERMIT_VALID),
        .limit = removable + removable / 10 + 100,
        .older_than = older_than};
    snprintf(p.token, sizeof p.token, "%016" PRIx64, random);
    snprintf(p.keyspace, sizeof p.keyspace, "%s", keyspace ? keyspace : "");
    return p;
}

bool sweep_permit_holds(const struct sweep_permit *permit, usec_t now)
{
    return permit->token[0] && now < permit->until;
}

int sweep_permit_take(struct sweep_permit *permit, const char *token, usec_t now,
    struct sweep_permit *out, struct err *e)
{
    if (!permit->token[0])
        return err_set(e, -EPERM, "confirming a sweep: none is held, or it was confirmed already");
    if (now >= permit->until)
        return err_set(e, -EPERM,
            "confirming a sweep: the token is no longer valid; sweep again for another one");
    if (strcmp(token, permit->token) != 0) {
        struct strbuf shown = STRBUF_INIT;
        text_escape(&shown, token, strlen(token), 40);
        err_set(e, -EPERM, "confirming a sweep: \"%s\" is not the token of the sweep that is held",
            strbuf_text(&shown));
        strbuf_fini(&shown);
        return -EPERM;
    }
    *out = *permit;
    *permit = (struct sweep_permit){0};
    return 0;
}
