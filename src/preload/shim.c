/* See shim.h. */
#include "preload/shim.h"

#include "preload/handover.h"
#include "preload/real.h"
#include "preload/taken.h"

#include <dlfcn.h>
#include <errno.h>

static struct environment environment;

struct environment *shim_environment(void)
{
    return &environment;
}

/* Whatever it says, our environment goes, and with it every trace of us in children. */
static void __attribute__((constructor)) shim_load(void)
{
    Dl_info self;
    int saved = errno;
    real_find();
    bool ours = environment_read(environ, &environment) && environment.pid == getpid();
    if (dladdr(&environment, &self) != 0 && self.dli_fname)
        environment_clean(environ, self.dli_fname, &environment);
    if (ours && handover_open(&environment))
        taken_init();
    errno = saved;
}
