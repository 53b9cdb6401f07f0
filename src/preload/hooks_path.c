/* Many servers remove the path of their unix socket before bind() or after close(). The path of a
 * public listener is every worker's: it stays, and they are told that it went. */
#include "preload/handover.h"
#include "preload/hooks.h"
#include "preload/real.h"

HOOK int unlink(const char *path)
{
    return handover_owns_path(path) ? 0 : REAL(unlink)(path);
}

HOOK int unlinkat(int directory, const char *path, int flags)
{
    return handover_owns_path(path) ? 0 : REAL(unlinkat)(directory, path, flags);
}

HOOK int remove(const char *path)
{
    return handover_owns_path(path) ? 0 : REAL(remove)(path);
}
