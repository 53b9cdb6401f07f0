/* How a process ended that is not our child. */
#pragma once

/*
 * *out_status is as of wait(2). Returns 0, -EAGAIN when nobody has reaped it yet, or another
 * -errno: it will never be told (Linux before 6.15).
 */
int child_exit_info(int pidfd, int *out_status);
