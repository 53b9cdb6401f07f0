/* What the supervisor wrote into the environment (include/voxkeeper/handover.h): read, removed. */
#pragma once

#include "voxkeeper/handover.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct environment_listener {
    int public_fd;
    int private_fd;
    const char *address; /* borrows from the environment's text, which stays */
};

struct environment {
    pid_t pid; /* 0: not given */
    int control_fd;
    bool active;
    unsigned n_listeners;
    struct environment_listener listeners[VK_HANDOVER_LISTENERS_MAX];
    char preload[4096]; /* our own entry of LD_PRELOAD, for exec; "" if it was not there */
};

/* Returns false if the environment is not for us, or does not follow the contract. */
bool environment_read(char **envp, struct environment *out);

/* Removes our variables and our entry of LD_PRELOAD from `envp`, in place. */
void environment_clean(char **envp, const char *own_path, struct environment *out);

/*
 * The environment `envp` and our variables, for a process that replaces itself. Returns one mapping
 * of *out_size bytes, or NULL if memory or a number does not suffice.
 */
char **environment_restore(char *const *envp, const struct environment *e, size_t *out_size);
