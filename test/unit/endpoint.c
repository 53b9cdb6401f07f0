/* core/endpoint: addresses to and from text. */
#include "core/endpoint.h"

#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

static void reads_and_writes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum endpoint_family family;
        const char *canonical;
    } rows[] = {
        {"3004", ENDPOINT_INET6, "[::]:3004"},
        {"[::]:3004", ENDPOINT_INET6, "[::]:3004"},
        {"[::1]:1", ENDPOINT_INET6, "[::1]:1"},
        {"[2001:DB8:0:0::1]:65535", ENDPOINT_INET6, "[2001:db8::1]:65535"},
        {"[::ffff:192.0.2.1]:80", ENDPOINT_INET6, "[::ffff:192.0.2.1]:80"},
        {"127.0.0.1:9464", ENDPOINT_INET, "127.0.0.1:9464"},
        {"0.0.0.0:80", ENDPOINT_INET, "0.0.0.0:80"},
        {"/run/x.sock", ENDPOINT_UNIX, "/run/x.sock"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct endpoint ep;
        struct endpoint again;
        struct err e = {0};
        char buf[ENDPOINT_TEXT_MAX];
        assert_int_equal(endpoint_parse(rows[i].text, &ep, &e), 0);
        assert_int_equal(ep.family, rows[i].family);
        assert_string_equal(endpoint_text(&ep, buf), rows[i].canonical);
        assert_int_equal(endpoint_parse(buf, &again, &e), 0);
        assert_true(endpoint_equal(&ep, &again));
    }
}

static void tells_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *said;
    } rows[] = {
        {"", "read address \"\": want PORT, ADDRESS:PORT, [ADDRESS]:PORT or /PATH"},
        {"http", "read address \"http\": want PORT, ADDRESS:PORT, [ADDRESS]:PORT or /PATH"},
        {"0", "read port \"0\" of \"0\": not a number from 1 to 65535"},
        {"65536", "read port \"65536\" of \"65536\": not a number from 1 to 65535"},
        {"127.0.0.1:", "read port \"\" of \"127.0.0.1:\": not a number from 1 to 65535"},
        {"127.0.0.1:8o", "read port \"8o\" of \"127.0.0.1:8o\": not a number from 1 to 65535"},
        {"127.0.0.1:-1", "read port \"-1\" of \"127.0.0.1:-1\": not a number from 1 to 65535"},
        {":80", "read address \":80\": not an IP address (names are not looked up)"},
        {"localhost:80",
            "read address \"localhost:80\": not an IP address (names are not looked up)"},
        {"1.2.3:80", "read address \"1.2.3:80\": not an IP address (names are not looked up)"},
        {"::1:80", "read address \"::1:80\": an IPv6 address stands in brackets"},
        {"[::1]", "read address \"[::1]\": want [ADDRESS]:PORT"},
        {"[::1", "read address \"[::1\": want [ADDRESS]:PORT"},
        {"[::1]80", "read address \"[::1]80\": want [ADDRESS]:PORT"},
        {"[1.2.3.4]:80", "read address \"[1.2.3.4]:80\": not an IPv6 address"},
        {"[::1]:99999", "read port \"99999\" of \"[::1]:99999\": not a number from 1 to 65535"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct endpoint ep = {.port = 7};
        struct err e = {0};
        assert_int_equal(endpoint_parse(rows[i].text, &ep, &e), -EINVAL);
        assert_string_equal(e.msg, rows[i].said);
        assert_int_equal(ep.port, 7);
    }
}

static void socket_paths_have_a_limit(void **state)
{
    (void)state;
    char path[120];
    struct endpoint ep;
    struct err e = {0};
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[107] = '\0';
    assert_int_equal(endpoint_parse(path, &ep, &e), 0);
    path[107] = 'x';
    path[108] = '\0';
    assert_int_equal(endpoint_parse(path, &ep, &e), -EINVAL);
}

static void compares_what_counts(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        {"3004", "[::]:3004", true},
        {"3004", "0.0.0.0:3004", false},
        {"127.0.0.1:1", "127.0.0.1:2", false},
        {"127.0.0.1:1", "127.0.0.2:1", false},
        {"[::1]:1", "[::2]:1", false},
        {"/a", "/b", false},
        {"/a", "/a", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct endpoint a;
        struct endpoint b;
        struct err e = {0};
        assert_int_equal(endpoint_parse(rows[i].a, &a, &e), 0);
        assert_int_equal(endpoint_parse(rows[i].b, &b, &e), 0);
        assert_int_equal(endpoint_equal(&a, &b), rows[i].equal);
    }
}

static void who_takes_whose_address(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool collide;
    } rows[] = {
        {"3004", "[::]:3004", true},
        {"3004", "127.0.0.1:3004", true},
        {"[::1]:3004", "0.0.0.0:3004", true},
        {"127.0.0.1:1", "127.0.0.2:1", false},
        {"3004", "3005", false},
        {"/a", "/b", false},
        {"/a", "/a", true},
        {"/a", "3004", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct endpoint a;
        struct endpoint b;
        struct err e = {0};
        assert_int_equal(endpoint_parse(rows[i].a, &a, &e), 0);
        assert_int_equal(endpoint_parse(rows[i].b, &b, &e), 0);
        assert_int_equal(endpoint_collide(&a, &b), rows[i].collide);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes),
        cmocka_unit_test(tells_what_is_wrong),
        cmocka_unit_test(socket_paths_have_a_limit),
        cmocka_unit_test(compares_what_counts),
        cmocka_unit_test(who_takes_whose_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
