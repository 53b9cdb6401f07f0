/* See environment.h. No allocation: this runs inside of other people's programs. */
#include "preload/environment.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PRELOAD "LD_PRELOAD="
enum { RESTORED_MAX = 16384, RESTORED_VARIABLES = VK_HANDOVER_LISTENERS_MAX + 5 };

static const char *value_of(char **envp, const char *name)
{
    size_t length = strlen(name);
    for (; *envp; envp++) {
        if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=')
            return *envp + length + 1;
    }
    return NULL;
}

/* A number from `lowest` up, followed by a character of `ends`; moves *text behind the number. */
static bool read_number(const char **text, int lowest, const char *ends, int *out)
{
    char *end = NULL;
    long number = strtol(*text, &end, 10);
    if (end == *text || !strchr(ends, *end) || number < lowest || number > INT_MAX)
        return false;
    *text = end;
    *out = (int)number;
    return true;
}

static bool read_listener(const char *text, struct environment_listener *out)
{
    if (!read_number(&text, 3, " ", &out->public_fd))
        return false;
    text++;
    if (!read_number(&text, 3, " ", &out->private_fd) || text[1] == '\0')
        return false;
    out->address = text + 1;
    return true;
}

bool environment_read(char **envp, struct environment *out)
{
    memset(out, 0, sizeof *out);
    const char *pid = value_of(envp, VK_HANDOVER_ENV_PID);
    const char *control = value_of(envp, VK_HANDOVER_ENV_CONTROL);
    const char *state = value_of(envp, VK_HANDOVER_ENV_STATE);
    if (!pid || !control || !read_number(&pid, 1, "", &out->pid) ||
        !read_number(&control, 3, "", &out->control_fd))
        return false;
    out->active = state && strcmp(state, "active") == 0;
    while (out->n_listeners < VK_HANDOVER_LISTENERS_MAX) {
        char name[sizeof VK_HANDOVER_ENV_LISTEN + 12];
        snprintf(name, sizeof name, VK_HANDOVER_ENV_LISTEN "%u", out->n_listeners + 1);
        const char *listener = value_of(envp, name);
        if (!listener)
            break;
        if (!read_listener(listener, &out->listeners[out->n_listeners]))
            return false;
        out->n_listeners++;
    }
    return out->n_listeners > 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Cuts our entry out of the list, which ld.so splits at colons and spaces. */
static void cut_preload(char *list, const char *own_path, struct environment *out)
{
    const char *own = base_name(own_path);
    char *to = list;
    for (const char *from = list; *from != '\0';) {
        size_t length = strcspn(from, ": ");
        const char *name = from;
        for (const char *c = from; c < from + length; c++)
            name = *c == '/' ? c + 1 : name;
        bool ours =
            (size_t)(from + length - name) == strlen(own) && strncmp(name, own, strlen(own)) == 0;
        if (ours && length < sizeof out->preload) {
            memcpy(out->preload, from, length);
            out->preload[length] = '\0';
        } else if (length > 0) {
            if (to > list)
                *to++ = ':';
            memmove(to, from, length);
            to += length;
        }
        from += length + (from[length] != '\0');
    }
    *to = '\0';
}

void environment_clean(char **envp, const char *own_path, struct environment *out)
{
    char **to = envp;
    for (char **from = envp; *from; from++) {
        if (strncmp(*from, VK_HANDOVER_ENV, strlen(VK_HANDOVER_ENV)) == 0)
            continue;
        if (strncmp(*from, PRELOAD, strlen(PRELOAD)) == 0) {
            cut_preload(*from + strlen(PRELOAD), own_path, out);
            if ((*from)[strlen(PRELOAD)] == '\0')
                continue;
        }
        *to++ = *from;
    }
    *to = NULL;
}

struct writer {
    char **variables;
    unsigned n;
    char *text, *end;
};

static void write_variable(struct writer *w, const char *name, const char *value)
{
    size_t left = (size_t)(w->end - w->text);
    int length = snprintf(w->text, left, "%s=%s", name, value);
    if (length < 0 || (size_t)length >= left) {
        w->text = w->end; /* too long: the caller sees that nothing is left */
        return;
    }
    w->variables[w->n++] = w->text;
    w->text += length + 1;
}

static void write_ours(struct writer *w, const struct environment *e, const char *preload)
{
    char name[64], value[sizeof e->preload + 512];
    snprintf(value, sizeof value, "%s%s%s", e->preload, preload ? ":" : "", preload ? preload : "");
    write_variable(w, "LD_PRELOAD", value);
    snprintf(value, sizeof value, "%d", e->pid);
    write_variable(w, VK_HANDOVER_ENV_PID, value);
    snprintf(value, sizeof value, "%d", e->control_fd);
    write_variable(w, VK_HANDOVER_ENV_CONTROL, value);
    if (e->active)
        write_variable(w, VK_HANDOVER_ENV_STATE, "active");
    for (unsigned i = 0; i < e->n_listeners; i++) {
        const struct environment_listener *l = &e->listeners[i];
        snprintf(name, sizeof name, VK_HANDOVER_ENV_LISTEN "%u", i + 1);
        snprintf(value, sizeof value, "%d %d %s", l->public_fd, l->private_fd, l->address);
        write_variable(w, name, value);
    }
}

char **environment_restore(char *const *envp, const struct environment *e, size_t *out_size)
{
    static char *const none[] = {NULL};
    const char *preload = NULL;
    size_t n = 0;
    if (!envp)
        envp = none;
    while (envp[n])
        n++;
    size_t table = (n + RESTORED_VARIABLES) * sizeof(char *), size = table + RESTORED_MAX;
    void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return NULL;
    struct writer w = {.variables = map, .text = (char *)map + table, .end = (char *)map + size};
    for (size_t i = 0; i < n; i++) {
        if (strncmp(envp[i], PRELOAD, strlen(PRELOAD)) == 0)
            preload = envp[i] + strlen(PRELOAD);
        else
            w.variables[w.n++] = envp[i];
    }
    write_ours(&w, e, preload);
    if (w.text == w.end) {
        munmap(map, size);
        return NULL;
    }
    w.variables[w.n] = NULL;
    *out_size = size;
    return w.variables;
}
