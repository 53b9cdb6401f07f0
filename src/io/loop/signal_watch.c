/* Signals as events of the loop. */
#include "io/loop/loop.h"

#include "io/loop/loop_uv.h"

#include <stdlib.h>
#include <string.h>

struct signal_watch {
    uv_signal_t uv;
    void (*on_signal)(int signum, void *arg);
    void *arg;
};

static void on_uv_signal(uv_signal_t *uv, int signum)
{
    struct signal_watch *w = uv->data;
    w->on_signal(signum, w->arg);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct signal_watch *signal_watch_new(
    struct loop *l, int signum, void (*on_signal)(int signum, void *arg), void *arg, struct err *e)
{
    struct signal_watch *w = calloc(1, sizeof *w);
    int r = w ? uv_signal_init(loop_uv(l), &w->uv) : -ENOMEM;
    if (r < 0) {
        free(w);
        err_sys(e, r, "watching for SIG%s", sigabbrev_np(signum));
        return NULL;
    }
    w->uv.data = w;
    w->on_signal = on_signal;
    w->arg = arg;
    r = uv_signal_start(&w->uv, on_uv_signal, signum);
    if (r < 0) {
        err_sys(e, r, "watching for SIG%s", sigabbrev_np(signum));
        uv_close((uv_handle_t *)&w->uv, on_closed);
        return NULL;
    }
    return w;
}

void signal_watch_unref(struct signal_watch *w)
{
    uv_unref((uv_handle_t *)&w->uv);
}

void signal_watch_free(struct signal_watch *w)
{
    if (w)
        uv_close((uv_handle_t *)&w->uv, on_closed);
}
