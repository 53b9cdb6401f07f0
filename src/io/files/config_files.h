/*
 * The files of a configuration, in the order in which they apply:
 *
 *   1. VENDOR/NAME               what the package ships, if it is there
 *   2. FILE                      named by the operator; it must be there
 *   3. *.conf, sorted by name, of FILE.d, RUNTIME/NAME.d and VENDOR/NAME.d together; where several
 *      have a file of the same name, only the first directory's counts. A link to /dev/null is
 *      an empty file: it masks.
 *
 * NAME is FILE's last component, so that an instance with a file of another name has drop-ins of
 * its own.
 */
#pragma once

#include "base/err.h"
#include "core/config/config.h"

#include <stddef.h>

#define CONFIG_FILES_VENDOR "/usr/lib/voxkeeper"
#define CONFIG_FILES_RUNTIME "/run/voxkeeper"

struct config_files {
    struct config_source *sources; /* paths and texts are owned */
    size_t n;
};

/*
 * Reads all of them; `vendor` and `runtime` are the two directories above. Blocks, as files do.
 * Returns 0, or a negative errno with the reason: one that is missing or unreadable, that is no
 * regular file, or larger than LIMIT_CONFIG_FILE; more than LIMIT_CONFIG_FILES of them.
 */
int config_files_read(const char *file, const char *vendor, const char *runtime,
    struct config_files *out, struct err *e);
void config_files_fini(struct config_files *f);
