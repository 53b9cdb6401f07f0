/* core/changes/instructions: what changed in the agent's configuration, and what is never shown. */
#include "core/changes/instructions.h"

#include "cmocka_all.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cJSON *of(const char *text, char digest[DIGEST_TEXT])
{
    cJSON *document = instructions_read(text, strlen(text), digest);
    assert_non_null(document);
    return document;
}

/* The lines, and whether the digests differ. */
static void differ(const char *before, const char *after, bool digests, const char *lines)
{
    char one[DIGEST_TEXT], other[DIGEST_TEXT];
    struct strbuf out = STRBUF_INIT;
    cJSON *a = of(before, one);
    cJSON *b = of(after, other);
    instructions_diff(a, b, &out);
    assert_string_equal(strbuf_text(&out), lines);
    assert_int_equal(strcmp(one, other) != 0, digests);
    strbuf_fini(&out);
    cJSON_Delete(a);
    cJSON_Delete(b);
}

static void differences_have_paths(void **state)
{
    (void)state;
    differ("{\"name\":\"a\",\"n\":1}", "{\"n\":1.0,\"name\":\"a\"}", false, "");
    differ("{\"c\":{\"agent\":{\"first\":\"Hi\",\"t\":0.5}}}",
        "{\"c\":{\"agent\":{\"first\":\"Hello\",\"t\":0.75}}}", true,
        "c.agent.first: \"Hi\" -> \"Hello\"\nc.agent.t: 0.5 -> 0.75\n");
    differ("{\"tools\":[\"a\",\"b\"]}", "{\"tools\":[\"a\"],\"x\":null}", true,
        "tools[1]: \"b\" -> (nothing)\nx: (nothing) -> null\n");
    differ("{\"a\":{\"b\":1}}", "{\"a\":[1]}", true, "a: {\"b\":1} -> [1]\n");
    differ("{\"t\":\"a\\nb\"}", "{\"t\":\"a\\tb\"}", true, "t: \"a\\nb\" -> \"a\\tb\"\n");
}

static void odd_documents_are_read_one_way(void **state)
{
    (void)state;
    /* Of several members with one name the last one counts, wherever it stands. */
    differ("{\"x\":1,\"a\":0,\"x\":2}", "{\"x\":2,\"a\":0}", false, "");
    differ("{\"x\":1,\"x\":2}", "{\"x\":2,\"x\":1}", true, "x: 2 -> 1\n");
    differ("{\"metadata\":1,\"metadata\":2}", "{}", false, "");
    /* What no number can hold is written as nothing. */
    differ("{\"n\":1e999}", "{\"n\":null}", false, "");
    differ("{\"n\":-1e999}", "{\"n\":-1e999}", false, "");
    /* A name may be empty. */
    differ("{\"\":1,\"a\":{\"\":1}}", "{\"\":2,\"a\":{\"\":2}}", true, ": 1 -> 2\na.: 1 -> 2\n");
    differ("{\"\":1}", "{\"b\":{\"\":1}}", true, ": 1 -> (nothing)\nb: (nothing) -> {\"\":1}\n");
}

static void what_passes_is_no_change(void **state)
{
    (void)state;
    differ("{\"a\":1,\"metadata\":{\"updated_at\":1},\"access_info\":{\"role\":\"x\"}}",
        "{\"a\":1,\"metadata\":{\"updated_at\":2}}", false, "");
}

static void secrets_are_never_shown(void **state)
{
    (void)state;
    static const char *const forms[] = {"{\"webhook_secret\":\"%s\"}",
        "{\"tools\":[{\"request_headers\":{\"X-Any\":\"%s\"}}]}", "{\"a\":{\"Api_Key\":\"%s\"}}",
        "{\"auth_token\":[\"%s\"]}", "{\"credentials\":{\"deep\":{\"er\":\"%s\"}}}"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char before[128], after[128], digest[DIGEST_TEXT];
        const char *at = strstr(forms[i], "%s");
        snprintf(before, sizeof before, "%.*sxyzzy-1%s", (int)(at - forms[i]), forms[i], at + 2);
        snprintf(after, sizeof after, "%.*sxyzzy-2%s", (int)(at - forms[i]), forms[i], at + 2);
        differ(before, after, true, "");
        cJSON *document = of(before, digest);
        char *kept = cJSON_PrintUnformatted(document);
        assert_null(strstr(kept, "xyzzy"));
        assert_non_null(strstr(kept, "***"));
        free(kept);
        cJSON_Delete(document);
    }
    differ("{\"max_tokens\":10}", "{\"max_tokens\":20}", true, "max_tokens: 10 -> 20\n");
}

static void long_texts_are_shown_where_they_differ(void **state)
{
    (void)state;
    char before[1200], after[1200];
    struct strbuf out = STRBUF_INIT;
    char digest[DIGEST_TEXT];
    char filler[501];
    memset(filler, 'p', 500);
    filler[500] = '\0';
    snprintf(before, sizeof before, "{\"prompt\":\"%s be kind %s\"}", filler, filler);
    snprintf(after, sizeof after, "{\"prompt\":\"%s be rude %s\"}", filler, filler);
    cJSON *a = of(before, digest);
    cJSON *b = of(after, digest);
    assert_int_equal(instructions_diff(a, b, &out), 1);
    assert_non_null(strstr(strbuf_text(&out), "be kind"));
    assert_non_null(strstr(strbuf_text(&out), "be rude"));
    assert_non_null(strstr(strbuf_text(&out), "(1009 bytes)"));
    assert_true(out.len < 400);
    strbuf_fini(&out);
    cJSON_Delete(a);
    cJSON_Delete(b);
}

static void many_differences_are_counted(void **state)
{
    (void)state;
    struct strbuf before = STRBUF_INIT, after = STRBUF_INIT, out = STRBUF_INIT;
    char digest[DIGEST_TEXT];
    strbuf_adds(&before, "{\"l\":[0");
    strbuf_adds(&after, "{\"l\":[0");
    for (int i = 0; i < 100; i++) {
        strbuf_adds(&before, ",1");
        strbuf_adds(&after, ",2");
    }
    strbuf_adds(&before, "]}");
    strbuf_adds(&after, "]}");
    cJSON *a = of(strbuf_text(&before), digest);
    cJSON *b = of(strbuf_text(&after), digest);
    assert_int_equal(instructions_diff(a, b, &out), 100);
    assert_non_null(strstr(strbuf_text(&out), "and 60 more\n"));
    cJSON_Delete(a);
    cJSON_Delete(b);
    strbuf_fini(&before);
    strbuf_fini(&after);
    strbuf_fini(&out);
}

static void what_is_no_document(void **state)
{
    (void)state;
    char digest[DIGEST_TEXT];
    static const char *const texts[] = {"", "null", "[]", "{", "<html>", "\"x\"", "{\"a\":}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_null(instructions_read(texts[i], strlen(texts[i]), digest));
    struct strbuf deep = STRBUF_INIT;
    strbuf_adds(&deep, "{\"a\":");
    for (int i = 0; i < 500; i++)
        strbuf_addc(&deep, '[');
    for (int i = 0; i < 500; i++)
        strbuf_addc(&deep, ']');
    strbuf_addc(&deep, '}');
    assert_null(instructions_read(strbuf_text(&deep), deep.len, digest));
    strbuf_fini(&deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_have_paths),
        cmocka_unit_test(odd_documents_are_read_one_way),
        cmocka_unit_test(what_passes_is_no_change),
        cmocka_unit_test(secrets_are_never_shown),
        cmocka_unit_test(long_texts_are_shown_where_they_differ),
        cmocka_unit_test(many_differences_are_counted),
        cmocka_unit_test(what_is_no_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
