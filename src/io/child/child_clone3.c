/* The system call alone in its file, so that a test can put another in its place. */
#include "io/child/child_clone.h"

#include <errno.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t child_clone3(struct clone_args *args)
{
    long r = syscall(SYS_clone3, args, sizeof *args);
    return r < 0 ? -errno : (pid_t)r;
}
