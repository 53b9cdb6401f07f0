/* The age of connections: a queue in the order of their birth, as all live equally long. */
#include "io/http/http_server_life.h"

#include "io/loop/loop.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct http_server_life {
    struct http_server_life *older, *younger;
    int fd;
    usec_t end; /* USEC_INFINITY once it was shut down or exempted */
    bool stranger;
};

static bool is_stranger(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        return true;
    return peer.uid != 0 && peer.uid != geteuid();
}

static void add(struct http_server_lives *lives, struct http_server_life *life)
{
    life->older = lives->youngest;
    if (life->older)
        life->older->younger = life;
    else
        lives->oldest = life;
    lives->youngest = life;
}

static void drop(struct http_server_lives *lives, struct http_server_life *life)
{
    lives->strangers -= life->stranger;
    if (life->older)
        life->older->younger = life->younger;
    else
        lives->oldest = life->younger;
    if (life->younger)
        life->younger->older = life->older;
    else
        lives->youngest = life->older;
    free(life);
}

void http_server_lives_notify(void *cls, struct MHD_Connection *connection, void **socket_context,
    enum MHD_ConnectionNotificationCode code)
{
    struct http_server_lives *lives = cls;
    lives->changes++;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*socket_context)
            drop(lives, *socket_context);
        return;
    }
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct http_server_life *life = calloc(1, sizeof *life);
    *socket_context = life;
    if (!life) {
        shutdown(fd, SHUT_RDWR);
        return;
    }
    life->fd = fd;
    life->end = usec_add(loop_now(), lives->span);
    add(lives, life);
    if (!lives->local || !is_stranger(fd))
        return;
    if (lives->strangers == lives->strangers_max) {
        shutdown(fd, SHUT_RDWR);
        life->end = USEC_INFINITY;
        return;
    }
    life->stranger = true;
    lives->strangers++;
}

void http_server_life_exempt(struct http_server_life *life)
{
    if (life)
        life->end = USEC_INFINITY;
}

usec_t http_server_lives_deadline(const struct http_server_lives *lives)
{
    const struct http_server_life *life = lives->oldest;
    while (life && life->end == USEC_INFINITY)
        life = life->younger;
    return life ? life->end : USEC_INFINITY;
}

void http_server_lives_cut(struct http_server_lives *lives, usec_t now)
{
    for (struct http_server_life *life = lives->oldest; life; life = life->younger) {
        if (life->end == USEC_INFINITY)
            continue;
        if (life->end > now)
            return;
        shutdown(life->fd, SHUT_RDWR);
        life->end = USEC_INFINITY;
    }
}
