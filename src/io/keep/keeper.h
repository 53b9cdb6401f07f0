/*
 * The keeper: a process of its own that holds descriptors for the daemon where there is no service
 * manager to do it, and gives them back to the next instance. It speaks sd_notify's protocol
 * (FDSTORE=1, FDSTOREREMOVE=1, FDNAME=) over a SOCK_SEQPACKET unix socket of its own user.
 *
 * It ends when told to, and by itself once no daemon is connected and every kept pidfd is readable:
 * with the last worker.
 */
#pragma once

#include "base/err.h"

/*
 * Serves until it is over: the whole of `voxkeeperd --keeper PATH`'s life. `ready_fd` is closed
 * when the socket listens. Returns 0, or a negative errno with *e set (-EADDRINUSE: there is one).
 */
int keeper_run(const char *socket_path, int ready_fd, struct err *e);
