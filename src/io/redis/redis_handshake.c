/*
 * What is said to Redis first. An error to AUTH must end the connection: where the default user
 * has no password, Redis goes on serving it as that user.
 */
#include "io/redis/redis_handshake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PASSWORD_MAX = 4096 };

static int read_password(const char *path, char *buf, size_t size, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_sys(e, -errno, "read password file \"%s\"", path);
    memset(buf, 0, size);
    int r = read(fd, buf, size - 1) < 0 ? -errno : 0;
    close(fd);
    if (r < 0)
        return err_sys(e, r, "read password file \"%s\"", path);
    buf[strcspn(buf, "\r\n")] = '\0';
    if (strlen(buf) == size - 1)
        return err_set(e, -E2BIG,
            "read password file \"%s\": its first line is longer than %zu bytes", path, size - 2);
    return 0;
}

static void check(
    const char *what, const struct redis_value *reply, const struct redis_login *login)
{
    if (reply && reply->type != REDIS_STATUS)
        login->on_failed(what, reply, login->arg);
}

static void on_auth(const struct redis_value *reply, void *arg)
{
    check("AUTH", reply, arg);
}

static void on_select(const struct redis_value *reply, void *arg)
{
    check("SELECT", reply, arg);
}

/*
 * A name for CLIENT LIST, and not disturbing idle times (Redis 7.2) are niceties. But the first
 * answer of a connection may be why there will be no other.
 */
static void on_nicety(const struct redis_value *reply, void *arg)
{
    if (!reply || reply->type != REDIS_ERROR)
        return;
    enum redis_error error = redis_error_class(reply->str, reply->len);
    if (error == REDIS_E_CLIENTS || error == REDIS_E_NOAUTH)
        check("CLIENT", reply, arg);
}

static int send_auth(struct redis_conn *c, struct redis_login *login, struct err *e)
{
    char password[PASSWORD_MAX];
    int r = 0;
    if (login->password_file)
        r = read_password(login->password_file, password, sizeof password, e);
    const char *secret = login->password_file ? password : login->password;
    if (r == 0 && (login->username[0] || secret[0])) {
        const char *argv[] = {"AUTH", login->username, secret};
        if (!login->username[0])
            argv[1] = secret;
        int argc = login->username[0] ? 3 : 2;
        r = redis_conn_send(c, argc, argv, NULL, on_auth, login);
    }
    explicit_bzero(password, sizeof password);
    return r;
}

int redis_handshake_send(struct redis_conn *c, struct redis_login *login, struct err *e)
{
    static const char *const setname[] = {"CLIENT", "SETNAME", "voxkeeper"};
    static const char *const no_touch[] = {"CLIENT", "NO-TOUCH", "ON"};
    char db[16];
    snprintf(db, sizeof db, "%u", login->db);
    const char *const select[] = {"SELECT", db};
    int r = send_auth(c, login, e);
    if (r == 0)
        r = redis_conn_send(c, 3, setname, NULL, on_nicety, login);
    if (r == 0)
        r = redis_conn_send(c, 3, no_touch, NULL, on_nicety, login);
    /* Database 0 is what a connection begins with; ACLs often lack +select. */
    if (r == 0 && login->db != 0)
        r = redis_conn_send(c, 2, select, NULL, on_select, login);
    return r;
}
