/* Who may change something: on the unix socket by the kernel's word, by TCP with the token. */
#include "base/strbuf.h"
#include "daemon/api/api_parts.h"
#include "daemon/api/token.h"
#include "daemon/daemon.h"
#include "voxkeeper/control.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static bool peer_may(const struct api_exchange *x)
{
    return http_peer_may_change(x->request->peer, getuid(), x->daemon->config->admin.control_group);
}

static enum token_verdict judge(const struct api_exchange *x, struct err *e)
{
    return token_judge(x->daemon->config->admin.token_credential,
        http_server_header(x->request, "Authorization"), e);
}

bool api_may_change(const struct api_exchange *x)
{
    struct err e = {0};
    if (x->request->peer->local)
        return peer_may(x);
    return x->daemon->config->admin.token_credential &&
           http_server_header(x->request, "Authorization") && judge(x, &e) == TOKEN_RIGHT;
}

static void refuse_peer(const struct api_exchange *x)
{
    const char *group = x->daemon->config->admin.control_group;
    struct strbuf text = STRBUF_INIT;
    strbuf_adds(&text, "only root and the service's user may change something");
    if (group)
        strbuf_addf(&text, ", and the members of group \"%s\"", group);
    else
        strbuf_adds(&text, "; [Admin] ControlGroup= admits a group");
    api_answer_error(x, 403, "not-permitted", strbuf_text(&text));
    strbuf_fini(&text);
}

static bool admit_token(const struct api_exchange *x)
{
    struct err e = {0};
    switch (judge(x, &e)) {
    case TOKEN_RIGHT:
        return true;
    case TOKEN_WRONG:
        x->answer->challenge = true;
        api_answer_error(x, 401, "token",
            http_server_header(x->request, "Authorization")
                ? "this is not the token of [Admin] TokenCredential="
                : "by TCP this takes the header \"Authorization: Bearer TOKEN\"");
        return false;
    case TOKEN_UNUSABLE:
        log_printf(LOG_LEVEL_WARNING, "%s; by TCP nothing can be changed", e.msg);
        api_answer_error(x, 503, "token-unusable",
            "the token of [Admin] TokenCredential= cannot be read; voxkeeper's log says why");
        return false;
    }
    return false;
}

bool api_admit(const struct api_exchange *x)
{
    if (x->request->peer->local) {
        if (!peer_may(x))
            refuse_peer(x);
        return peer_may(x);
    }
    if (x->daemon->config->admin.token_credential)
        return admit_token(x);
    api_answer_error(x, 403, "read-only",
        "TCP only reads; use the unix socket (`voxkeeper` does) to change something, or set "
        "[Admin] TokenCredential=");
    return false;
}

bool api_admit_reader(const struct api_exchange *x, const char *what)
{
    struct err e = {0};
    if (api_may_change(x))
        return true;
    err_set(&e, -EACCES, "%s for those who may change something%s", what,
        x->request->peer->local ? "" : ": on the unix socket, or with the token");
    api_answer_error(x, 403, "not-permitted", e.msg);
    return false;
}

void api_author_of(const struct api_exchange *x, char out[API_AUTHOR_MAX])
{
    if (x->request->peer->local)
        api_author(x->request->peer, http_server_header(x->request, VK_HEADER_SUDO_USER),
            http_server_header(x->request, VK_HEADER_MANAGER), out);
    else
        snprintf(out, API_AUTHOR_MAX, "bearer of the token");
}
