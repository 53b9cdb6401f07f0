/* One question to the daemon. */
#include "cli/api.h"

#include "base/strbuf.h"
#include "base/text.h"
#include "cli/json.h"
#include "cli/say.h"
#include "io/http/control_client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void api_call(const struct cli *cli, const char *method, const char *path, const char *body,
    struct api_answer *out)
{
    api_call_within(cli, API_TIMEOUT, method, path, body, out);
}

void api_call_within(const struct cli *cli, usec_t timeout, const char *method, const char *path,
    const char *body, struct api_answer *out)
{
    *out = (struct api_answer){0};
    struct control_answer answer;
    out->rc = control_call(cli->socket, method, path, body, timeout, &answer, &out->e);
    if (out->rc < 0)
        return;
    out->status = answer.status;
    out->json = cJSON_ParseWithLength(answer.body, answer.body_len);
    control_answer_fini(&answer);
}

void api_answer_fini(struct api_answer *a)
{
    cJSON_Delete(a->json);
    *a = (struct api_answer){0};
}

bool api_answer_ok(const struct api_answer *a)
{
    return a->rc == 0 && a->status >= 200 && a->status <= 299 && cJSON_IsObject(a->json);
}

int api_fail(const struct cli *cli, int exit_code, const char *code, const char *fmt, ...)
{
    struct strbuf message = STRBUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    strbuf_vaddf(&message, fmt, ap);
    va_end(ap);
    say_error("%s", strbuf_text(&message));
    if (cli->json) {
        struct strbuf out = STRBUF_INIT;
        strbuf_adds(&out, "{\"error\":{\"code\":");
        text_json(&out, code, strlen(code));
        strbuf_adds(&out, ",\"message\":");
        text_json(&out, strbuf_text(&message), message.len);
        strbuf_adds(&out, "}}\n");
        say_print(&out);
    }
    strbuf_fini(&message);
    return exit_code;
}

static int explain_silence(const struct cli *cli, const struct api_answer *a)
{
    switch (-a->rc) {
    case ENOENT:
    case ECONNREFUSED:
        return api_fail(cli, VK_EXIT_NOT_RUNNING, "not-running", "%s", a->e.msg);
    case ETIMEDOUT:
        return api_fail(cli, VK_EXIT_TIMED_OUT, "no-answer", "%s", a->e.msg);
    case EACCES:
        return api_fail(cli, VK_EXIT_FAILED, "permission", "%s", a->e.msg);
    default:
        return api_fail(cli, VK_EXIT_FAILED, "connection", "%s", a->e.msg);
    }
}

int api_explain(const struct cli *cli, const struct api_answer *a)
{
    if (a->rc < 0)
        return explain_silence(cli, a);
    const char *code = json_text(a->json, "error.code");
    const char *message = json_text(a->json, "error.message");
    if (message)
        return api_fail(cli, VK_EXIT_FAILED, code ? code : "refused", "%s", message);
    if (a->status >= 400)
        return api_fail(cli, VK_EXIT_FAILED, "refused",
            "voxkeeperd refused with status %d and gave no reason", a->status);
    return api_fail(cli, VK_EXIT_FAILED, "answer",
        "read voxkeeperd's answer on \"%s\": status %d without the JSON that belongs there; "
        "is it another program's socket?",
        cli->socket, a->status);
}

int api_print_json(const cJSON *json)
{
    char *text = cJSON_Print(json);
    if (!text) {
        say_error("print answer: %s", strerrordesc_np(ENOMEM));
        return VK_EXIT_FAILED;
    }
    printf("%s\n", text);
    cJSON_free(text);
    return VK_EXIT_DONE;
}
