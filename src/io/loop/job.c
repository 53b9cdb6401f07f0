/* Work on the pool of threads. */
#include "io/loop/job.h"

#include "io/loop/loop_parts.h"

#include <signal.h>
#include <stdlib.h>

struct job {
    uv_work_t work;
    struct loop *loop;
    void (*do_work)(void *arg);
    void (*on_done)(void *arg);
    void *arg;
};

static void on_work(uv_work_t *work)
{
    struct job *j = work->data;
    j->do_work(j->arg);
}

static void on_done(uv_work_t *work, int status)
{
    (void)status;
    struct job *j = work->data;
    j->loop->jobs--;
    j->on_done(j->arg);
    free(j);
}

void job_run(struct loop *l, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
    struct job *j = calloc(1, sizeof *j);
    sigset_t all, before;
    if (!j)
        abort();
    j->work.data = j;
    j->loop = l;
    j->do_work = work;
    j->on_done = done;
    j->arg = arg;
    l->jobs++;
    /* The first call starts the threads: signals are the loop's business, they take none. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int r = uv_queue_work(&l->uv, &j->work, on_work, on_done);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r < 0)
        abort();
}
