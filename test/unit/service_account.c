/* Key files of service accounts: what is asked with them, and what is wrong with others. */
#include "core/credentials/service_account.h"

#include "cmocka_all.h"
#include "service_account_key.h"

#include <stdio.h>
#include <string.h>

#define EMAIL "\"client_email\":\"voice@agents.iam.gserviceaccount.com\""
#define KEY "\"private_key\":\"" TEST_PEM_IN_JSON "\""
#define WHOLE "\"type\":\"service_account\",\"private_key_id\":\"f00d\"," EMAIL "," KEY
#define GRANT "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="

struct written {
    char url[SERVICE_ACCOUNT_URL_MAX];
    char body[SERVICE_ACCOUNT_BODY_MAX];
    struct err e;
};

static int write_for(const char *value, unsigned char seed, struct written *w)
{
    struct service_account_ask ask = {.wall = UINT64_C(1750000000) * USEC_PER_SEC};
    memset(ask.seed, seed, sizeof ask.seed);
    *w = (struct written){0};
    return service_account_write(value, &ask, w->url, w->body, &w->e);
}

static void asks_as_another_program_does(void **state)
{
    (void)state;
    static const char *const files[] = {
        "{" WHOLE "}",
        "{ " WHOLE " , \"token_uri\": \"https://oauth2.googleapis.com/token\" }",
    };
    struct written w;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        assert_int_equal(write_for(files[i], 1, &w), 0);
        assert_string_equal(w.url, "https://oauth2.googleapis.com/token");
        assert_string_equal(w.body, GRANT TEST_ASSERTION);
    }
}

static void the_seed_only_hides_the_work(void **state)
{
    (void)state;
    struct written w;
    for (unsigned char seed = 0; seed < 8; seed++) {
        assert_int_equal(write_for("{" WHOLE "}", seed, &w), 0);
        assert_string_equal(w.body, GRANT TEST_ASSERTION);
    }
}

static void another_cloud_gives_tokens_elsewhere(void **state)
{
    (void)state;
    struct written w;
    assert_int_equal(
        write_for("{" WHOLE ",\"token_uri\":\"https://sts.example/token\"}", 1, &w), 0);
    assert_string_equal(w.url, "https://sts.example/token");
    assert_null(strstr(w.body, TEST_ASSERTION)); /* its audience is another one */
}

static void says_what_is_wrong_with_others(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        const char *said;
    } rows[] = {
        {"{", "the value begins as a JSON key file does and is no JSON"},
        {"{}", "the key file is of type \"\", not \"service_account\": make a key of a service "
               "account, as JSON"},
        {"{\"type\":\"authorized_user\"}",
            "the key file is of type \"authorized_user\", not \"service_account\": make a key of a "
            "service account, as JSON"},
        {"{\"type\":\"service_account\"," KEY "}", "the key file has no client_email"},
        {"{\"type\":\"service_account\"," EMAIL "}", "the key file has no private_key"},
        {"{" WHOLE ",\"token_uri\":\"http://x/\"}",
            "the token_uri of the key file is no address of https"},
        {"{\"type\":\"service_account\"," EMAIL ",\"private_key\":\"MIIE\"}",
            "reading the private key: there is no \"-----BEGIN PRIVATE KEY-----\""},
        {"{\"type\":\"service_account\"," EMAIL
         ",\"private_key\":\"-----BEGIN PRIVATE KEY-----\\n$\\n-----END PRIVATE KEY-----\\n\"}",
            "reading the private key: it is no base64"},
        {"{\"type\":\"service_account\"," EMAIL
         ",\"private_key\":\"-----BEGIN PRIVATE KEY-----\\nMAMCAQA=\\n-----END PRIVATE KEY-----\"}",
            "reading the private key: it is no RSA key of at most 4096 bits"},
        {"{\"type\":\"service_account\"," EMAIL
         ",\"private_key\":\"-----BEGIN PRIVATE KEY-----\\n-----END PRIVATE KEY-----\\n\"}",
            "reading the private key: it is no RSA key of at most 4096 bits"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct written w;
        assert_int_equal(write_for(rows[i].value, 1, &w), -22);
        assert_string_equal(w.e.msg, rows[i].said);
        assert_string_equal(w.body, "");
        assert_string_equal(w.url, "");
    }
}

static void a_key_that_was_changed_signs_nothing(void **state)
{
    (void)state;
    char value[] = "{" WHOLE "}";
    struct written w;
    char *place = strstr(value, "MIIE") + 900;
    *place = *place == 'A' ? 'B' : 'A';
    assert_int_equal(write_for(value, 1, &w), -22);
    assert_non_null(strstr(w.e.msg, "private key"));
    assert_string_equal(w.body, "");
}

static void a_signature_is_that_of_openssl(void **state)
{
    (void)state;
    /* The PEM text as it is behind the JSON. */
    char pem[] = TEST_PEM_IN_JSON;
    char out[RS256_TEXT_MAX];
    const uint8_t seed[RS256_SEED] = {7};
    struct err e = {0};
    for (char *at = pem; (at = strstr(at, "\\n"));) {
        *at = '\n';
        memmove(at + 1, at + 2, strlen(at + 2) + 1);
    }
    assert_int_equal(rs256_sign(pem, "voxkeeper", seed, out, &e), 0);
    assert_string_equal(out, TEST_SIGNATURE);
}

static void knows_one_when_it_sees_one(void **state)
{
    (void)state;
    assert_true(service_account_looks_like("{\"type\":1}"));
    assert_true(service_account_looks_like("\n {"));
    assert_false(service_account_looks_like("AIzaSy"));
    assert_false(service_account_looks_like(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_as_another_program_does),
        cmocka_unit_test(the_seed_only_hides_the_work),
        cmocka_unit_test(another_cloud_gives_tokens_elsewhere),
        cmocka_unit_test(says_what_is_wrong_with_others),
        cmocka_unit_test(a_key_that_was_changed_signs_nothing),
        cmocka_unit_test(a_signature_is_that_of_openssl),
        cmocka_unit_test(knows_one_when_it_sees_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
