/* Judging bearer tokens. */
#include "daemon/api/token.h"

#include "io/files/files.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TOKEN_MIN = 16, TOKEN_MAX = 512, FILE_MAX = 4096 };

struct token {
    char text[TOKEN_MAX + 1]; /* zeroes after it */
};

/* The message never quotes what is in the file. */
static int take_line(
    const char *path, const char *text, size_t len, struct token *out, struct err *e)
{
    size_t line = 0;
    while (line < len && text[line] != '\n' && text[line] != '\r') {
        if (text[line] <= ' ' || text[line] >= 0x7f)
            return err_set(e, -EINVAL,
                "reading token file \"%s\": its first line holds a space or a byte that is not "
                "printable ASCII",
                path);
        line++;
    }
    if (line < TOKEN_MIN || line > TOKEN_MAX)
        return err_set(e, -EINVAL,
            "reading token file \"%s\": its first line has %zu bytes, want %d to %d", path, line,
            (int)TOKEN_MIN, (int)TOKEN_MAX);
    memcpy(out->text, text, line);
    return 0;
}

static int read_token(const char *path, struct token *out, struct err *e)
{
    struct err why = {0};
    char *text = NULL;
    size_t len = 0;
    memset(out, 0, sizeof *out);
    int r = files_read(path, FILE_MAX, &text, &len, &why);
    if (r < 0)
        return err_set(e, r, "reading the token: %s", why.msg);
    r = take_line(path, text, len, out, e);
    explicit_bzero(text, len);
    free(text);
    return r;
}

int token_check_file(const char *path, struct err *e)
{
    struct token token;
    int r = read_token(path, &token, e);
    explicit_bzero(&token, sizeof token);
    return r;
}

/* Takes the same time whatever differs, and looks at all of the room. */
static bool same(const struct token *a, const struct token *b)
{
    unsigned char differs = 0;
    for (size_t i = 0; i < sizeof a->text; i++)
        differs |= (unsigned char)(a->text[i] ^ b->text[i]);
    return differs == 0;
}

enum token_verdict token_judge(const char *path, const char *authorization, struct err *e)
{
    static const char scheme[] = "Bearer ";
    struct token wanted, given = {0};
    if (read_token(path, &wanted, e) < 0) {
        explicit_bzero(&wanted, sizeof wanted);
        return TOKEN_UNUSABLE;
    }
    bool complete = authorization && strncasecmp(authorization, scheme, sizeof scheme - 1) == 0 &&
                    strlen(authorization + sizeof scheme - 1) <= TOKEN_MAX;
    if (complete)
        strcpy(given.text, authorization + sizeof scheme - 1);
    bool right = same(&wanted, &given) && complete;
    explicit_bzero(&wanted, sizeof wanted);
    explicit_bzero(&given, sizeof given);
    return right ? TOKEN_RIGHT : TOKEN_WRONG;
}
