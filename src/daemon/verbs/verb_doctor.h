/* `voxkeeper doctor`. */
#pragma once

#include "daemon/verbs/verbs.h"

#include <stdint.h>

/* An operation whose result is doctor_json()'s. `suppressed` is what the asker knows of the
 * journal. As in daemon/verbs/verbs.h. */
struct operation *verb_doctor(
    struct daemon *d, const struct verb_asker *asker, uint64_t suppressed, struct err *e);

/*
 * The same without a daemon: by the configuration at `path`, printed on stdout as one JSON
 * document. Returns an enum vkd_exit.
 */
int verb_doctor_alone(const char *path);
