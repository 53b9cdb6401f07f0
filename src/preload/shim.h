/* The start of the shim, when ld.so loads it into the worker. */
#pragma once

#include "preload/environment.h"

/* What we were given, with the descriptors' present numbers. */
struct environment *shim_environment(void);
