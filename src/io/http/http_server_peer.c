/* Peer credentials: from the kernel, as they were at connect(); nothing is asked of a name service
 * but the number of our own group. */
#include "io/http/http_server_peer.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    GROUPS_USUAL = 64,           /* room for the first try */
    GROUP_TEXT_MAX = 256 * 1024, /* bytes of one group's entry with its members */
};

#define NOBODY ((uid_t)-1)

static int read_groups(struct http_peer *peer, int fd)
{
    socklen_t len = GROUPS_USUAL * sizeof *peer->groups;
    for (;;) {
        gid_t *groups = malloc(len);
        if (!groups)
            return -ENOMEM;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == 0) {
            peer->groups = groups;
            peer->n_groups = len / sizeof *groups;
            return 0;
        }
        int rc = -errno;
        free(groups);
        /* The kernel has written the length that it needs. */
        if (rc != -ERANGE)
            return rc;
    }
}

int http_server_peer_init(struct http_peer *peer, int fd)
{
    *peer = (struct http_peer){.local = true, .uid = NOBODY, .gid = (gid_t)-1, .pid = -1};
    struct ucred ucred;
    socklen_t len = sizeof ucred;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &len) < 0)
        return -errno;
    peer->uid = ucred.uid;
    peer->gid = ucred.gid;
    peer->pid = ucred.pid;
    return read_groups(peer, fd);
}

void http_server_peer_fini(struct http_peer *peer)
{
    free(peer->groups);
    peer->groups = NULL;
    peer->n_groups = 0;
}

/* The number of a group; false if there is none of that name. */
static bool group_id(const char *name, gid_t *out_gid)
{
    bool found = false;
    for (size_t size = 4096; size <= GROUP_TEXT_MAX; size *= 4) {
        char *text = malloc(size);
        if (!text)
            return false;
        struct group group, *result = NULL;
        int rc = getgrnam_r(name, &group, text, size, &result);
        found = rc == 0 && result;
        if (found)
            *out_gid = group.gr_gid;
        free(text);
        if (rc != ERANGE)
            break;
    }
    return found;
}

bool http_peer_may_change(const struct http_peer *peer, uid_t own, const char *group)
{
    if (!peer->local || peer->uid == NOBODY)
        return false;
    if (peer->uid == 0 || peer->uid == own)
        return true;
    gid_t gid;
    if (!group || !group_id(group, &gid))
        return false;
    if (peer->gid == gid)
        return true;
    for (size_t i = 0; i < peer->n_groups; i++) {
        if (peer->groups[i] == gid)
            return true;
    }
    return false;
}
