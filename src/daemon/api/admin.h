/* The admin listeners and what they answer: health on TCP, the control API on the unix socket. */
#pragma once

#include "base/err.h"
#include "core/config/config.h"

struct admin;
struct daemon;

/* Opens the control socket and every Listen= of [Admin]. Returns owned, or NULL with *e set. */
struct admin *admin_new(struct daemon *d, struct err *e);
void admin_free(struct admin *a);

/* Ends every stream, so that those who read it know that it is no accident. */
void admin_end_streams(struct admin *a);

/* Listens on other TCP addresses if they changed, and looks whether the token can be used. On
 * failure everything stays, *e says why. */
int admin_configure(struct admin *a, const struct config *config, struct err *e);
