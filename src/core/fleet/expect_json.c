/* Reading a body as JSON and comparing members. */
#include "core/fleet/expect_json.h"

#include "base/num.h"
#include "base/text.h"
#include "core/limits.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN = 60 }; /* bytes of a value that a reason quotes */

/* What is refused before cJSON sees it; outside of strings only brackets matter. */
static const char *scan(const char *body, size_t len)
{
    static const char nul_escape[] = "u0000";
    unsigned depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        switch (body[i]) {
        case '\0':
            return "it holds a NUL byte";
        case '"':
            in_string = !in_string;
            break;
        case '\\':
            i++;
            if (in_string && len - i >= 5 && memcmp(body + i, nul_escape, 5) == 0)
                return "it holds a NUL character";
            break;
        case '[':
        case '{':
            if (!in_string && ++depth > LIMIT_JSON_DEPTH)
                return "it is nested too deeply";
            break;
        case ']':
        case '}':
            if (!in_string && depth > 0)
                depth--;
            break;
        }
    }
    return NULL;
}

cJSON *expect_json_parse(const char *body, size_t len, const char **out_fault)
{
    const char *end = NULL;
    *out_fault = len == 0 ? "it is empty" : scan(body, len);
    if (*out_fault)
        return NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(body, len, &end, false);
    for (; root && end < body + len; end++) {
        if (!strchr(" \t\r\n", *end)) {
            cJSON_Delete(root);
            root = NULL;
        }
    }
    if (!root)
        *out_fault = "its syntax is wrong";
    return root;
}

/* The last member of that name, as JavaScript sees it. */
static const cJSON *member(const cJSON *object, const char *name, size_t len)
{
    const cJSON *found = NULL;
    for (const cJSON *it = object->child; it; it = it->next) {
        if (it->string && strlen(it->string) == len && memcmp(it->string, name, len) == 0)
            found = it;
    }
    return found;
}

static const cJSON *element(const cJSON *array, const char *digits, size_t len)
{
    char text[12] = "";
    uint64_t index = 0;
    if (len >= sizeof text)
        return NULL;
    memcpy(text, digits, len);
    if (num_parse_u64(text, 0, INT32_MAX, &index) < 0)
        return NULL;
    return cJSON_GetArrayItem(array, (int)index);
}

const cJSON *expect_json_at(const cJSON *root, const char *path)
{
    const cJSON *at = root;
    while (at && path) {
        size_t len = strcspn(path, ".");
        if (cJSON_IsObject(at))
            at = member(at, path, len);
        else if (cJSON_IsArray(at))
            at = element(at, path, len);
        else
            at = NULL;
        path = path[len] ? path + len + 1 : NULL;
    }
    return at;
}

const char *expect_json_scalar(const cJSON *item, char buf[40])
{
    if (cJSON_IsString(item))
        return item->valuestring;
    if (cJSON_IsBool(item))
        return cJSON_IsTrue(item) ? "true" : "false";
    if (cJSON_IsNull(item))
        return "null";
    if (!cJSON_IsNumber(item))
        return NULL;
    snprintf(buf, 40, "%.15g", item->valuedouble);
    return buf;
}

static bool equal(const cJSON *item, const char *text, const char *value)
{
    double number = 0;
    if (cJSON_IsNumber(item) && num_parse_double(value, -1e300, 1e300, &number) == 0)
        return !(item->valuedouble < number) && !(item->valuedouble > number);
    return strcmp(text, value) == 0;
}

static bool ordered(enum expect_op op, double left, double right)
{
    switch (op) {
    case EXPECT_LT:
        return left < right;
    case EXPECT_LE:
        return left <= right;
    case EXPECT_GT:
        return left > right;
    case EXPECT_GE:
        return left >= right;
    case EXPECT_PRESENT:
    case EXPECT_EQ:
    case EXPECT_NE:
        break;
    }
    return false;
}

static void say(
    struct strbuf *why, const struct expect_term *term, const char *is, const char *text)
{
    static const char *const ops[] = {
        [EXPECT_PRESENT] = "",
        [EXPECT_EQ] = "",
        [EXPECT_NE] = "anything but ",
        [EXPECT_LT] = "< ",
        [EXPECT_LE] = "<= ",
        [EXPECT_GT] = "> ",
        [EXPECT_GE] = ">= ",
    };
    text_escape(why, term->path, strlen(term->path), SHOWN);
    strbuf_adds(why, is);
    if (text) {
        strbuf_adds(why, " \"");
        text_escape(why, text, strlen(text), SHOWN);
        strbuf_adds(why, "\"");
    }
    if (term->op == EXPECT_PRESENT)
        return;
    strbuf_addf(why, ", want %s\"", ops[term->op]);
    text_escape(why, term->value, strlen(term->value), SHOWN);
    strbuf_adds(why, "\"");
}

bool expect_json_term(const struct expect_term *term, const cJSON *root, struct strbuf *why)
{
    char buf[40];
    const cJSON *item = expect_json_at(root, term->path);
    const char *text = item ? expect_json_scalar(item, buf) : NULL;
    double number = 0;
    bool passed = false;
    if (!item) {
        say(why, term, " is missing", NULL);
        return false;
    }
    switch (term->op) {
    case EXPECT_PRESENT:
        if (cJSON_IsNull(item))
            say(why, term, " is null", NULL);
        return !cJSON_IsNull(item);
    case EXPECT_EQ:
        passed = text && equal(item, text, term->value);
        break;
    case EXPECT_NE:
        passed = text && !equal(item, text, term->value);
        break;
    case EXPECT_LT:
    case EXPECT_LE:
    case EXPECT_GT:
    case EXPECT_GE:
        passed = cJSON_IsNumber(item) &&
                 num_parse_double(term->value, -1e300, 1e300, &number) == 0 &&
                 ordered(term->op, item->valuedouble, number);
        break;
    }
    if (!passed)
        say(why, term, text ? " is" : " is no single value", text);
    return passed;
}
