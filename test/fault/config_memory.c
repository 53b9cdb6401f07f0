/*
 * core/config/config_parse when memory runs out: every allocation fails in turn, and each time the
 * answer is -ENOMEM, or a refusal whose text is poorer, and nothing is leaked.
 */
#include "core/config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The linker sends every call of core and base through these. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);
void __wrap_free(void *p);

static long n_calls;
static long fail_at;
static long n_live;

static bool fails(void)
{
    if (n_calls++ != fail_at)
        return false;
    errno = ENOMEM;
    return true;
}

static void *counted(void *p)
{
    n_live += p != NULL;
    return p;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t size)
{
    if (fails())
        return NULL;
    return p ? __real_realloc(p, size) : counted(__real_realloc(p, size));
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : counted(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t n)
{
    return fails() ? NULL : counted(__real_strndup(text, n));
}

void __wrap_free(void *p)
{
    n_live -= p != NULL;
    __real_free(p);
}

/* Returns what went wrong, or NULL; *out_done when no call was left to fail. */
static const char *round_of(const struct config_source *source, int want, bool *out_done)
{
    struct config *c = NULL;
    struct config_diagnostics d;
    n_calls = 0;
    n_live = 0;
    int r = config_parse(source, 1, &c, &d);
    bool failed = n_calls > fail_at;
    size_t n_said = d.n;
    bool out_of_memory = d.out_of_memory;
    config_free(c);
    config_diagnostics_fini(&d);
    *out_done = !failed;
    if (n_live != 0)
        return "memory is leaked";
    if (!failed)
        return r == want ? NULL : "the whole run gave another result";
    if (want == 0)
        return r == -ENOMEM ? NULL : "a failed allocation was not told";
    if (r == -EINVAL)
        return n_said > 0 && !out_of_memory ? NULL : "refused without a word";
    return r == -ENOMEM ? NULL : "a wrong configuration was accepted";
}

static int run(const char *name, const char *text, int want)
{
    const struct config_source source = {name, text, strlen(text)};
    bool done = false;
    for (fail_at = 0; !done; fail_at++) {
        const char *fault = round_of(&source, want, &done);
        if (fault) {
            fprintf(stderr, "%s, allocation %ld: %s\n", name, fail_at, fault);
            return 1;
        }
    }
    fprintf(stderr, "%s: %ld allocations failed in turn\n", name, fail_at - 1);
    return fail_at < 20;
}

int main(void)
{
    static const char good[] = "[Agent]\nExecStart=/bin/agent 'a b' \\\n --c\nEnvironment=A=1 B=2\n"
                               "Listen=3004 127.0.0.1:3005\n"
                               "[Health]\nUrl=/health\nExpectJson=status=ok redis=connected\n"
                               "DependencyJson=redis\n[Redis]\nUrl=redis://:p@h/1\n"
                               "[Probe p]\nType=exec\nCommand=true\n"
                               "[Keyspace tasks]\nMaxAge=48h\n[Sweep]\nProtect=a:* b:*\n";
    static const char bad[] = "[Agnet]\nx\n[Agent]\nExecStart=\"a\nWorkers=x\nLisen=1\nInterval=1\n"
                              "[Health]\nUrl=x\n[Probe p]\nType=x\n[Drain]\nWaitFor=x\n";
    return run("good", good, 0) | run("bad", bad, -EINVAL);
}
