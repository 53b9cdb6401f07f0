/*
 * Any bytes as the answer of any provider, and as the file of a credential. The input is a byte
 * that says which provider, one for the step, two for the status, and the answer; 0xff and a key
 * file.
 */
#include "fuzz.h"

#include "base/text.h"
#include "core/credentials/provider_check.h"
#include "core/credentials/service_account.h"

#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_line(const char *text, size_t size)
{
    size_t n = strnlen(text, size);
    check(n < size);
    for (size_t i = 0; i < n; i++)
        check((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static void key_file(const char *value)
{
    const struct service_account_ask ask = {.wall = UINT64_C(1750000000) * USEC_PER_SEC};
    char url[SERVICE_ACCOUNT_URL_MAX] = "";
    char body[SERVICE_ACCOUNT_BODY_MAX] = "";
    struct err e = {0};
    int r = service_account_write(value, &ask, url, body, &e);
    check((r == 0) == (body[0] != '\0') && (r == 0) == (url[0] != '\0'));
    check(strnlen(body, sizeof body) < sizeof body && strnlen(url, sizeof url) < sizeof url);
    check((r == 0) == (e.msg[0] == '\0'));
}

static void answer(const uint8_t *head, const char *body, size_t len)
{
    static const enum provider_form forms[PROVIDER_HTTP + 1] = {
        [PROVIDER_GOOGLE] = PROVIDER_FORM_ACCOUNT, [PROVIDER_TWILIO] = PROVIDER_FORM_PAIR};
    enum provider provider = (enum provider)(head[0] % (PROVIDER_HTTP + 1));
    const struct provider_ask ask = {.provider = provider,
        .form = head[0] & 0x80 ? forms[provider] : PROVIDER_FORM_PLAIN,
        .url = "http://h/",
        .header = "X:",
        .account = "AC1",
        .quota_json = "a.0.b",
        .expiry_json = "a.1",
        .quota = true};
    struct provider_reading r = {0};
    struct strbuf url = STRBUF_INIT;
    enum provider_step step = (enum provider_step)(head[1] % PROVIDER_STEP_DONE);
    int status = head[2] * 256 + head[3];
    enum provider_step next = provider_read(&ask, step, status, body, len, &r);
    check_line(r.words, sizeof r.words);
    check_line(r.project, sizeof r.project);
    check(r.quota > -1e16 && r.quota < 1e16);
    if (next != PROVIDER_STEP_DONE) {
        provider_write_url(&ask, next, &r, &url);
        check(!strpbrk(strbuf_text(&url), " \r\n#"));
    }
    strbuf_fini(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 4 };
    if (size < HEAD)
        return 0;
    char *text = malloc(size - HEAD + 1);
    if (!text)
        return 0;
    memcpy(text, data + HEAD, size - HEAD);
    text[size - HEAD] = '\0';
    if (data[0] == 0xff)
        key_file(text);
    else
        answer(data, text, size - HEAD);
    free(text);
    return 0;
}
