/* What ACL GETUSER tells of a user. Rules count from left to right, the last one wins. */
#include "core/doctor/acl_rules.h"

#include "base/text.h"

#include <string.h>

/* UNLINK is fast and DEL is slow; both are in these. */
static const char *const both[] = {"@all", "@keyspace", "@write", "allcommands"};

static bool is(const char *rule, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(rule, word, len) == 0;
}

static void apply(const char *rule, size_t len, bool *unlink, bool *del)
{
    bool allow = rule[0] != '-';
    if (is(rule, len, "nocommands"))
        *unlink = *del = false;
    if (rule[0] == '+' || rule[0] == '-') {
        rule++;
        len--;
    }
    for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
        if (is(rule, len, both[i]))
            *unlink = *del = allow;
    }
    if (is(rule, len, "unlink") || is(rule, len, "@fast"))
        *unlink = allow;
    if (is(rule, len, "del") || is(rule, len, "@slow"))
        *del = allow;
}

bool acl_rules_may_delete(const char *commands)
{
    bool unlink = false;
    bool del = false;
    while (*commands) {
        size_t len = strcspn(commands, " ");
        if (len > 0)
            apply(commands, len, &unlink, &del);
        commands += len + strspn(commands + len, " ");
    }
    return unlink || del;
}

bool acl_rules_has_key(const char *pattern, size_t pattern_len, const char *key, size_t key_len)
{
    /* Redis 7 writes the rule, Redis 6 the pattern; a right only to read is none to delete. */
    if (pattern_len > 3 && memcmp(pattern, "%R~", 3) == 0)
        return false;
    const char *glob =
        pattern_len > 0 ? memchr(pattern, '~', pattern_len < 4 ? pattern_len : 4) : NULL;
    bool is_rule = glob && (glob == pattern || pattern[0] == '%');
    size_t skip = is_rule ? (size_t)(glob + 1 - pattern) : 0;
    return text_glob(pattern + skip, pattern_len - skip, key, key_len);
}
