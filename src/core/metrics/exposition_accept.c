/* Which format an Accept: header asks for. */
#include "core/metrics/exposition.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* One element of the header: "text/plain;version=0.0.4;q=0.5". */
struct wish {
    const char *text;
    size_t len;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Its next part, up to a semicolon, without white space around; `w` becomes what follows. */
static struct wish take_part(struct wish *w)
{
    struct wish part = {w->text, 0};
    while (part.len < w->len && w->text[part.len] != ';')
        part.len++;
    size_t taken = part.len < w->len ? part.len + 1 : part.len;
    *w = (struct wish){w->text + taken, w->len - taken};
    while (part.len > 0 && is_space(*part.text))
        part = (struct wish){part.text + 1, part.len - 1};
    while (part.len > 0 && is_space(part.text[part.len - 1]))
        part.len--;
    return part;
}

static bool is(struct wish part, const char *text)
{
    return part.len == strlen(text) && strncasecmp(part.text, text, part.len) == 0;
}

/* How much the rest of the element wants it, 0 to 1; what is no weight means what none means. */
static double weight_of(struct wish rest)
{
    while (rest.len > 0) {
        char number[16];
        double weight;
        struct wish part = take_part(&rest);
        if (part.len < 3 || strncasecmp(part.text, "q=", 2) != 0)
            continue;
        snprintf(number, sizeof number, "%.*s", (int)part.len - 2, part.text + 2);
        if (num_parse_double(number, 0, 1, &weight) == 0)
            return weight;
    }
    return 1;
}

enum exposition_format exposition_format_of(const char *accept)
{
    double openmetrics = 0;
    double text = 0;
    while (accept && *accept) {
        size_t len = strcspn(accept, ",");
        struct wish rest = {accept, len};
        struct wish type = take_part(&rest);
        double weight = weight_of(rest);
        if (is(type, "application/openmetrics-text") && weight > openmetrics)
            openmetrics = weight;
        if (is(type, "text/plain") && weight > text)
            text = weight;
        accept += len + (accept[len] == ',');
    }
    return openmetrics > 0 && openmetrics >= text ? EXPOSITION_OPENMETRICS : EXPOSITION_TEXT;
}
