/* What hiredis' reader may build: a function that returns NULL makes it fail. */
#include "io/redis/redis_guard.h"

#include <stdbool.h>

/* We ask for nothing that answers with more. */
enum { ELEMENTS_MAX = 1 << 16 };

#if HIREDIS_MAJOR >= 1
typedef size_t elements_t;
#else
typedef int elements_t;
#endif

static struct redis_guard *admit(const redisReadTask *task, bool is_error)
{
    struct redis_guard *g = task->privdata;
    if (task->parent)
        return g;
    /* hiredis itself ends the connection at an error that is nobody's: `too many clients`. */
    if (g->answered >= g->asked && !is_error) {
        g->tripped = "it sent an answer that nobody asked for";
        return NULL;
    }
    g->answered++;
    return g;
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
    struct redis_guard *g = admit(task, task->type == REDIS_REPLY_ERROR);
    return g ? g->inner->createString(task, text, len) : NULL;
}

static void *create_array(const redisReadTask *task, elements_t n)
{
    struct redis_guard *g = admit(task, false);
    if (g && n > ELEMENTS_MAX) {
        g->tripped = "it announced an array longer than anything we ask for";
        return NULL;
    }
    return g ? g->inner->createArray(task, n) : NULL;
}

static void *create_integer(const redisReadTask *task, long long value)
{
    struct redis_guard *g = admit(task, false);
    return g ? g->inner->createInteger(task, value) : NULL;
}

static void *create_nil(const redisReadTask *task)
{
    struct redis_guard *g = admit(task, false);
    return g ? g->inner->createNil(task) : NULL;
}

#if HIREDIS_MAJOR >= 1
static void *create_double(const redisReadTask *task, double value, char *text, size_t len)
{
    struct redis_guard *g = admit(task, false);
    return g ? g->inner->createDouble(task, value, text, len) : NULL;
}

static void *create_bool(const redisReadTask *task, int value)
{
    struct redis_guard *g = admit(task, false);
    return g ? g->inner->createBool(task, value) : NULL;
}
#endif

void redis_guard_init(struct redis_guard *g, redisReader *reader)
{
    *g = (struct redis_guard){.functions = *reader->fn, .inner = reader->fn};
    g->functions.createString = create_string;
    g->functions.createArray = create_array;
    g->functions.createInteger = create_integer;
    g->functions.createNil = create_nil;
#if HIREDIS_MAJOR >= 1
    g->functions.createDouble = create_double;
    g->functions.createBool = create_bool;
#endif
    reader->fn = &g->functions;
    reader->privdata = g;
}
