/* core/config/config_words: quoting as in systemd units. */
#include "core/config/config_words.h"

#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

static void splits_as_systemd_does(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *words; /* each ended by '|' */
    } rows[] = {
        {"", ""},
        {"  \t ", ""},
        {"a", "a|"},
        {" a  b\tc ", "a|b|c|"},
        {"\"a b\" c", "a b|c|"},
        {"'a b' c", "a b|c|"},
        {"a\"b c\"d", "ab cd|"},
        {"\"it's\" 'say \"x\"'", "it's|say \"x\"|"},
        {"\"\" ''", "||"},
        {"a\\sb \\x41\\102 \\u00e4 \\U0001F600", "a b|AB|\xC3\xA4|\xF0\x9F\x98\x80|"},
        {"\\\\ \\\" \\'", "\\|\"|'|"},
        {"'a\\'b'", "a'b|"},
        {"\\a\\b\\f\\n\\r\\t\\v", "\a\b\f\n\r\t\v|"},
        {"$HOME %n `x` #y ;z", "$HOME|%n|`x`|#y|;z|"},
        {"\xC3\xA4", "\xC3\xA4|"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strlist words = {0};
        struct strbuf seen = STRBUF_INIT;
        struct err e = {0};
        assert_int_equal(config_words_split(rows[i].text, &words, &e), 0);
        for (size_t k = 0; k < words.n; k++)
            strbuf_addf(&seen, "%s|", words.items[k]);
        assert_string_equal(strbuf_text(&seen), rows[i].words);
        strbuf_fini(&seen);
        strlist_fini(&words);
    }
}

static void tells_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *said;
    } rows[] = {
        {"a \"b", "quote \" is not closed"},
        {"'", "quote ' is not closed"},
        {"a\\", "value ends in a lone backslash"},
        {"\\q", "escape \"\\\\q\" is unknown, write a backslash as \\\\"},
        {"C:\\\xC3\xA4", "escape \"\\\\\xC3\xA4\" is unknown, write a backslash as \\\\"},
        {"\\x4", "escape \"\\\\x\" needs more digits"},
        {"\\x00", "escape \"\\\\x00\" stands for a NUL byte"},
        {"\\000", "escape \"\\\\000\" stands for a NUL byte"},
        {"\\777", "escape \"\\\\777\" is larger than a byte"},
        {"\\12", "escape \"\\\\1\" needs more digits"},
        {"\\ud800", "escape \"\\\\ud800\" is no character"},
        {"\\U00110000", "escape \"\\\\U00110000\" is no character"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strlist words = {0};
        struct err e = {0};
        assert_int_equal(strlist_add(&words, "before"), 0);
        assert_int_equal(config_words_split(rows[i].text, &words, &e), -EINVAL);
        assert_string_equal(e.msg, rows[i].said);
        /* What the list held before is all that it holds. */
        assert_int_equal(words.n, 1);
        assert_null(words.items[1]);
        strlist_fini(&words);
    }
}

/* Every pair of bytes, alone and inside of a word, comes back. */
static void writes_what_it_reads(void **state)
{
    (void)state;
    for (unsigned a = 1; a < 256; a++) {
        for (unsigned b = 1; b < 256; b++) {
            char word[] = {(char)a, (char)b, 'x', (char)a, '\0'};
            struct strbuf text = STRBUF_INIT;
            struct strlist words = {0};
            struct err e = {0};
            config_word_write(&text, word);
            strbuf_addc(&text, ' ');
            config_word_write(&text, "");
            if (config_words_split(strbuf_text(&text), &words, &e) < 0 || words.n != 2 ||
                strcmp(words.items[0], word) != 0)
                fail_msg("%02x %02x became %s: %s", a, b, strbuf_text(&text), e.msg);
            strlist_fini(&words);
            strbuf_fini(&text);
        }
    }
}

static void quotes_only_where_needed(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"/bin/x", "/bin/x"},
        {"--a=b,c", "--a=b,c"},
        {"a b", "\"a b\""},
        {"say \"x\"", "'say \"x\"'"},
        {"it's", "\"it's\""},
        {"a\\b", "\"a\\\\b\""},
        {"a\nb", "\"a\\x0ab\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf text = STRBUF_INIT;
        config_word_write(&text, rows[i][0]);
        assert_string_equal(strbuf_text(&text), rows[i][1]);
        strbuf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_as_systemd_does),
        cmocka_unit_test(tells_what_is_wrong),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(quotes_only_where_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
