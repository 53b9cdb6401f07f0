/* Waiting until no child process is left, without taking a status that the loop shall take. */
#pragma once

#include "pump.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

static inline bool offspring_gone(void *arg)
{
    siginfo_t info;
    (void)arg;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

/* Whether this one is no running process any more. */
static inline bool offspring_dead(void *arg)
{
    return kill(*(pid_t *)arg, 0) < 0;
}
