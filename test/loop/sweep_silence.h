/* A Redis that says nothing, and time that passes until the link has had enough of it. */
#pragma once

#include "suspend.h"
#include "sweep_rig.h"

/* From now on the link's timers follow the clock of suspend.h. */
static inline void sweep_silence_init(struct sweep_rig *r)
{
    suspend_follow(r->loop);
}

/* Nothing is answered any more: the link gives the connection up. */
static inline void sweep_silence_lasts(struct sweep_rig *r)
{
    usec_t passed = 0;
    for (int before = r->downs; r->downs == before; passed += USEC_PER_SEC) {
        if (passed > USEC_PER_HOUR)
            fail_msg("the link waits for ever");
        suspend_for(r->loop, USEC_PER_SEC);
    }
}

/* The server does not run until it gets SIGCONT. */
static inline void sweep_silence_stop(struct sweep_rig *r)
{
    int status;
    kill(r->redis.pid, SIGSTOP);
    assert_int_equal(waitpid(r->redis.pid, &status, WUNTRACED), r->redis.pid);
    assert_true(WIFSTOPPED(status));
}
