/* The form of single values. */
#include "core/config/config_check_value.h"

#include "core/doctor/doctor.h"
#include "core/fleet/expect.h"
#include "core/limits.h"
#include "core/preflight/preflight_scale.h"
#include "core/redis_url.h"
#include "voxkeeper/control.h"

#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

int config_check_name(const char *text, struct err *e)
{
    size_t len = strlen(text);
    if (len > LIMIT_NAME)
        return err_set(e, -EINVAL, "\"%.40s…\" is longer than %d bytes", text, LIMIT_NAME);
    if (len == 0 || text[strspn(text, LETTERS DIGITS "_.-")] || !isalnum((unsigned char)text[0]))
        return err_set(e, -EINVAL,
            "\"%.80s\" is no name: letters, digits, '_', '.' and '-', a letter or digit first",
            text);
    return 0;
}

int config_check_path(const char *text, struct err *e)
{
    if (text[0] != '/')
        return err_set(e, -EINVAL, "\"%.80s\" is no absolute path", text);
    if (strlen(text) >= 4096)
        return err_set(e, -EINVAL, "\"%.40s…\" is longer than a path can be", text);
    return 0;
}

int config_check_socket(const char *text, struct err *e)
{
    int r = config_check_path(text, e);
    if (r == 0 && strlen(text) > 107)
        r = err_set(e, -EINVAL, "\"%.40s…\" is longer than the 107 bytes of a socket's path", text);
    return r;
}

/* The word is not quoted: it may be the second half of a password with a space in it. */
int config_check_env(const char *text, struct err *e)
{
    size_t len = strcspn(text, "=");
    if (text[len] != '=')
        return err_set(e, -EINVAL, "a word is not NAME=value; one with spaces stands in quotes");
    if (len == 0 || isdigit((unsigned char)text[0]) || strspn(text, LETTERS DIGITS "_") != len)
        return err_set(
            e, -EINVAL, "\"%.*s\" is no name of a variable", len < 80 ? (int)len : 80, text);
    return 0;
}

int config_check_variable(const char *text, struct err *e)
{
    if (!text[0] || isdigit((unsigned char)text[0]) || text[strspn(text, LETTERS DIGITS "_")])
        return err_set(e, -EINVAL, "\"%.80s\" is no name of a variable", text);
    return 0;
}

int config_check_secret_file(const char *text, struct err *e)
{
    if (text[0] == '/')
        return config_check_path(text, e);
    if (!text[0] || text[0] == '.' || strchr(text, '/') || strlen(text) > 255)
        return err_set(e, -EINVAL,
            "\"%.80s\" is neither an absolute path nor the name of a file in "
            "$CREDENTIALS_DIRECTORY",
            text);
    return 0;
}

int config_check_header(const char *text, struct err *e)
{
    size_t len = strspn(text, LETTERS DIGITS "-_");
    if (len == 0 || text[len] != ':' || len > 80)
        return err_set(e, -EINVAL, "\"%.80s\" is no header such as `Authorization: Bearer`", text);
    return 0;
}

int config_check_env_file(const char *text, struct err *e)
{
    return config_check_path(text[0] == '-' ? text + 1 : text, e);
}

int config_check_account(const char *text, struct err *e)
{
    size_t len = strlen(text);
    if (text[strspn(text, LETTERS DIGITS "_.-")] || text[0] == '-' || len > 255)
        return err_set(e, -EINVAL, "\"%.80s\" is no user or group", text);
    return 0;
}

int config_check_host(const char *text, struct err *e)
{
    size_t len = strlen(text);
    if (len == 0 || len > 253 || text[strspn(text, LETTERS DIGITS "_.-")])
        return err_set(e, -EINVAL, "\"%.80s\" is no name of a host; it goes without a port", text);
    return 0;
}

int config_check_release(const char *text, struct err *e)
{
    if (text[0] != '/')
        return err_set(e, -EINVAL, "\"%.80s\" is no absolute path", text);
    return 0;
}

/* `HOST[:PORT]` up to `len`; the host may be `[ADDRESS]`. */
static int check_authority(const char *host, size_t len, struct err *e)
{
    const char *end = host + len;
    const char *port = NULL;
    const char *bracket = host[0] == '[' ? memchr(host, ']', len) : NULL;
    for (const char *p = bracket ? bracket : host; p < end; p++) {
        if (*p == ':') {
            port = p + 1;
            break;
        }
    }
    size_t host_len = (size_t)((port ? port - 1 : end) - host);
    if (host_len == 0 || (host[0] == '[' && (!bracket || bracket != host + host_len - 1)))
        return err_set(e, -EINVAL, "host \"%.*s\" is empty or half in brackets",
            (int)(host_len < 80 ? host_len : 80), host);
    if (port) {
        char digits[8] = "";
        size_t digits_len = (size_t)(end - port);
        uint64_t value = 0;
        if (digits_len < sizeof digits)
            memcpy(digits, port, digits_len);
        if (num_parse_u64(digits, 1, 65535, &value) < 0)
            return err_set(e, -EINVAL, "port \"%.*s\" is not a number from 1 to 65535",
                (int)(digits_len < 20 ? digits_len : 20), port);
    }
    return 0;
}

int config_check_probe_url(const char *text, struct err *e)
{
    if (text[strcspn(text, " \t")])
        return err_set(e, -EINVAL, "\"%.80s\" holds a space", text);
    if (text[0] == '/')
        return 0;
    size_t scheme = strncasecmp(text, "http://", 7) == 0    ? 7
                    : strncasecmp(text, "https://", 8) == 0 ? 8
                                                            : 0;
    if (scheme == 0)
        return err_set(e, -EINVAL, "\"%.80s\" is neither a /PATH nor an http URL", text);
    const char *host = text + scheme;
    const char *at = NULL;
    size_t len = strcspn(host, "/?#");
    at = memrchr(host, '@', len);
    if (at) {
        len -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    return check_authority(host, len, e);
}

int config_check_url(const char *text, struct err *e)
{
    if (text[0] == '/')
        return err_set(e, -EINVAL, "\"%.80s\" is no http URL", text);
    return config_check_probe_url(text, e);
}

/* The anchor of a section is put behind it. */
int config_check_base_url(const char *text, struct err *e)
{
    if (text[strcspn(text, " \t#")])
        return err_set(e, -EINVAL, "\"%.80s\" holds a space or a '#'", text);
    if (strncasecmp(text, "file:///", 8) == 0)
        return 0;
    return config_check_url(text, e);
}

/* A password's own '/' would end the address, and the message would quote the password. */
int config_check_redis_url(const char *text, struct err *e)
{
    struct redis_url url;
    const char *slash = strncmp(text, "redis://", 8) == 0 ? strpbrk(text + 8, "/?#") : NULL;
    if (slash && strchr(slash, '@'))
        return err_set(
            e, -EINVAL, "'/', '?' and '#' in a password are written %%2F, %%3F and %%23");
    return redis_url_parse(text, &url, e);
}

int config_check_status(const char *text, struct err *e)
{
    static const struct strlist none = {0};
    struct expect x = {0};
    int r = expect_init(&x, &(struct expect_spec){text, &none, &none, &none}, e);
    expect_fini(&x);
    return r;
}

int config_check_term(const char *text, struct err *e)
{
    static const struct strlist none = {0};
    struct strlist terms = {0};
    struct expect x = {0};
    int r = strlist_add(&terms, text);
    if (r == 0)
        r = expect_init(&x, &(struct expect_spec){"200", &terms, &none, &none}, e);
    expect_fini(&x);
    strlist_fini(&terms);
    return r;
}

int config_check_pattern(const char *text, struct err *e)
{
    size_t prefix = strcspn(text, "*?[]\\");
    if (prefix == 0)
        return err_set(e, -EINVAL, "\"%.80s\" has no prefix: it would take every key", text);
    if (strcmp(text + prefix, "*") != 0)
        return err_set(e, -EINVAL, "\"%.80s\" is not a prefix and '*'", text);
    return 0;
}

int config_check_glob(const char *text, struct err *e)
{
    if (text[0] == '\0')
        return err_set(e, -EINVAL, "an empty pattern takes no key");
    return 0;
}

int config_check_member(const char *text, struct err *e)
{
    if (text[0] == '\0')
        return err_set(e, -EINVAL, "the name of a JSON member is empty");
    return 0;
}

int config_check_doctor(const char *text, struct err *e)
{
    enum doctor_check check;
    if (doctor_find_name(text, &check))
        return 0;
    return err_set(e, -EINVAL, "\"%.100s\" is no check; `voxkeeper help doctor` lists them", text);
}

int config_check_skip(const char *text, struct err *e)
{
    return preflight_skip(text, NULL, e);
}

int config_check_person(const char *text, struct err *e)
{
    if (strlen(text) > VK_TEAM_TEXT_MAX)
        return err_set(
            e, -EINVAL, "\"%.40s…\" is longer than %d bytes", text, (int)VK_TEAM_TEXT_MAX);
    return text[0] ? 0 : err_set(e, -EINVAL, "nobody is named");
}

int config_check_peak(const char *text, struct err *e)
{
    return peaks_read(text, NULL, e);
}
