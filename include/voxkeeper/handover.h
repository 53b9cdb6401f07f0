/*
 * What passes between voxkeeperd and the listener shim in a worker (libvoxkeeper-listen.so, loaded
 * by LD_PRELOAD). Stable: a worker outlives the daemon that started it and talks to the next one.
 *
 * The worker gets, for each Listen= a public listening socket (shared by all workers) and a private
 * one (its own, on loopback or a unix path: probes go there), and one control socket. Its bind() to
 * the address of a public listener is answered 0; from then on it accepts from the private one, and
 * from the public one while it is active. It starts paused.
 *
 * Environment, all of it removed when the shim is loaded, so that no child of the worker sees it:
 *   LD_PRELOAD                      the shim's own entry is removed, others stay
 *   VOXKEEPER_HANDOVER_PID          process id of the worker, decimal; in any other process the
 * shim is inert. To be written between clone and exec VOXKEEPER_HANDOVER_CONTROL      descriptor:
 * the worker's end of a SOCK_SEQPACKET socket pair VOXKEEPER_HANDOVER_LISTEN_<n>   n from 1, no
 * gap, at most VK_HANDOVER_LISTENERS_MAX: "PUBLIC PRIVATE ADDRESS": two descriptors, and what the
 * worker binds: a TCP port (any address of it), the path of a unix socket, or @ and an abstract
 * name VOXKEEPER_HANDOVER_STATE        "active": begin so; written by the shim itself when the
 * worker replaces itself by exec (sh -c 'exec node ...', env node ...) Set besides by the
 * supervisor: UV_USE_IO_URING=0, or Node's accept may pass by the C library; and
 * NODE_OPTIONS=--require=.../drain.cjs, by which responses of a worker that is not active carry
 * `Connection: close`.
 *
 * The descriptors must be blocking-agnostic: the shim sets O_NONBLOCK on both listeners. Listening
 * sockets only; anything else makes the shim inert (VK_HANDOVER_REFUSED). Numbers are free from 3.
 *
 * What the worker has in place of its listening socket works in itself and in its forked children,
 * also where it is polled or waited for. It is none to a process that gets it in a message, as
 * node:cluster passes it with NODE_CLUSTER_SCHED_POLICY=none (by default it does not).
 *
 * Control messages are datagrams of struct vk_handover_message in both directions; a shorter one
 * is read as if zeros followed. The closing of either end changes nothing in the worker.
 */
#pragma once

#include <stdint.h>

#define VK_HANDOVER_ENV "VOXKEEPER_HANDOVER_"
#define VK_HANDOVER_ENV_PID VK_HANDOVER_ENV "PID"
#define VK_HANDOVER_ENV_CONTROL VK_HANDOVER_ENV "CONTROL"
#define VK_HANDOVER_ENV_LISTEN VK_HANDOVER_ENV "LISTEN_" /* and the number */
#define VK_HANDOVER_ENV_STATE VK_HANDOVER_ENV "STATE"

enum { VK_HANDOVER_VERSION = 1, VK_HANDOVER_LISTENERS_MAX = 8 };

enum vk_handover_kind {
    /*
     * From the supervisor. Both are idempotent. ACTIVATE of an active worker makes it look at the
     * public listeners again: to be sent to one serving worker whenever another was paused or
     * ended, because the kernel wakes one worker for one connection (EPOLLEXCLUSIVE), and the one
     * that was woken may not have come to accept it.
     */
    VK_HANDOVER_ACTIVATE = 'A',
    VK_HANDOVER_PAUSE = 'P',
    /*
     * Of a supervisor that is new to this worker: answered by HELLO, a TAKEN for each socket that
     * is taken now, and ACTIVE or PAUSED. Not answered before the worker has bound a public
     * address; an older shim ignores it, as any kind that it does not know.
     */
    VK_HANDOVER_REPORT = 'R',

    /* From the worker. */
    VK_HANDOVER_HELLO = 'H', /* the shim was loaded; `value` is its VK_HANDOVER_VERSION */
    VK_HANDOVER_REFUSED =
        'E',                  /* ... and is inert: `value` is an errno of `listener` (0: control) */
    VK_HANDOVER_TAKEN = 'T',  /* the worker bound the address of `listener`: the shim took hold */
    VK_HANDOVER_CLOSED = 'C', /* the worker closed its last descriptor for `listener` */
    VK_HANDOVER_OTHER = 'O',  /* the worker listens on TCP port `value`, which is none of ours */
    VK_HANDOVER_ACTIVE = 'a', /* answers ACTIVATE: done */
    VK_HANDOVER_PAUSED = 'p', /* answers PAUSE: it accepts no further public connection */
};

struct vk_handover_message {
    uint8_t kind;     /* enum vk_handover_kind */
    uint8_t listener; /* the <n> of its variable, or 0 */
    uint16_t value;   /* native byte order */
};

/*
 * The shim's memfd: its first byte is VK_HANDOVER_ACTIVATE or VK_HANDOVER_PAUSE, as the worker is
 * now; from byte 4 on stands an int, the descriptor of a pipe from which a byte can be read after
 * each change of that, or -1. Found by this name in /proc/self/fd; the Node helper reads both.
 */
#define VK_HANDOVER_MEMFD "voxkeeper-handover"
