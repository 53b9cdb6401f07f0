/*
 * What ACL GETUSER tells of a user, as far as it says whether he may delete a key. For Redis 6,
 * which knows no ACL DRYRUN. In doubt he may: who asks is to be warned.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Of the field "commands", "+@all -@dangerous +keys": UNLINK or DEL is among them. */
bool acl_rules_may_delete(const char *commands);

/* Of one of the field "keys": "*" or "~*", or a glob, that the key's name fits. */
bool acl_rules_has_key(const char *pattern, size_t pattern_len, const char *key, size_t key_len);
