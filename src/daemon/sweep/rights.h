/*
 * Whether our user in Redis could delete a conversation: found out without trying.
 *
 *   ACL WHOAMI → ACL DRYRUN user UNLINK elevenlabs:conversation:… → told
 *        │            └─ Redis 6 ─→ ACL GETUSER user → his rules tell → told
 *        └─ not permitted ─→ PTTL of such a key: refused, then it surely cannot
 */
#pragma once

struct redis_link;
struct rights;

/* `link` is borrowed. Returns owned; aborts when memory is out. */
struct rights *rights_new(struct redis_link *link);

/* Redis is up: looks, and emits `redis-rights` when the answer is another one than before. */
void rights_look(struct rights *r);

/* What was found, for people; "": nothing is wrong. */
const char *rights_words(const struct rights *r);

/* NULL is fine. */
void rights_free(struct rights *r);
