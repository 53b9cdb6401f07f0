/* Looking up the user and the groups of a worker. */
#include "io/child/child_user.h"

#include "base/num.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { GROUPS_MAX_TRIED = 65536 };

/* The highest number stands for "no change" in setresuid(2). */
static bool is_id(const char *text, uint64_t *out_id)
{
    return num_parse_u64(text, 0, UINT32_MAX - 1, out_id) == 0;
}

/* *out_entry is NULL for a number without an entry; a name must have one. */
static int find_user(const char *user, struct passwd **out_entry, uid_t *out_uid, struct err *e)
{
    uint64_t id = 0;
    bool number = is_id(user, &id);
    errno = 0;
    struct passwd *entry = number ? getpwuid((uid_t)id) : getpwnam(user);
    if (!entry && !number) {
        if (errno == 0 || errno == ENOENT)
            return err_set(e, -ESRCH, "looking up user \"%s\": no such user", user);
        return err_sys(e, -errno, "looking up user \"%s\"", user);
    }
    *out_entry = entry;
    *out_uid = entry ? entry->pw_uid : (uid_t)id;
    return 0;
}

static int find_group(const char *group, gid_t *out_gid, struct err *e)
{
    uint64_t id = 0;
    if (is_id(group, &id)) {
        *out_gid = (gid_t)id;
        return 0;
    }
    errno = 0;
    struct group *entry = getgrnam(group);
    if (!entry) {
        if (errno == 0 || errno == ENOENT)
            return err_set(e, -ESRCH, "looking up group \"%s\": no such group", group);
        return err_sys(e, -errno, "looking up group \"%s\"", group);
    }
    *out_gid = entry->gr_gid;
    return 0;
}

/* Supplementary groups of `name`, or `gid` alone when there is no such name. */
static int find_groups(const char *name, gid_t gid, struct child_user *u, struct err *e)
{
    for (int size = 32; size <= GROUPS_MAX_TRIED; size *= 2) {
        gid_t *groups = reallocarray(u->groups, (size_t)size, sizeof *groups);
        if (!groups)
            return err_sys(e, -ENOMEM, "looking up the groups of a user");
        u->groups = groups;
        int n = size;
        if (!name) {
            groups[0] = gid;
            u->n_groups = 1;
            return 0;
        }
        if (getgrouplist(name, gid, groups, &n) >= 0) {
            u->n_groups = (size_t)n;
            return 0;
        }
    }
    return err_set(e, -E2BIG, "looking up the groups of user \"%s\": too many", name);
}

int child_user_find(const char *user, const char *group, struct child_user *out, struct err *e)
{
    struct child_user u = {.uid = geteuid(), .gid = getegid()};
    struct passwd *entry = NULL;
    int r = user ? find_user(user, &entry, &u.uid, e) : 0;
    if (r < 0)
        return r;
    if (user && !entry && !group)
        return err_set(
            e, -EINVAL, "looking up user \"%s\": it has no entry, and no group is given", user);
    if (entry)
        u.gid = entry->pw_gid;
    r = group ? find_group(group, &u.gid, e) : 0;
    if (r < 0)
        return r;
    /* Asking for what we are anyway must work without the right to change it. */
    u.change = u.uid != geteuid() || u.gid != getegid();
    if (u.change) {
        r = find_groups(entry ? entry->pw_name : NULL, u.gid, &u, e);
        if (r < 0) {
            child_user_fini(&u);
            return r;
        }
    }
    *out = u;
    return 0;
}

void child_user_fini(struct child_user *u)
{
    free(u->groups);
    *u = (struct child_user){0};
}
