/* See real.h. */
#include "preload/real.h"

#include <dlfcn.h>

struct real real_functions;

void real_find(void)
{
    /* POSIX promises that a function's address fits into what dlsym() returns. */
#define REAL_FIND(name) *(void **)&real_functions.name = dlsym(RTLD_NEXT, #name);
    REAL_FUNCTIONS(REAL_FIND)
#undef REAL_FIND
}
