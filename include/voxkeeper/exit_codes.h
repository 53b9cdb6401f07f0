/* Exit codes of `voxkeeper` (the operator's command) and `voxkeeperd` (the daemon). Stable. */
#pragma once

enum vk_exit {
    VK_EXIT_DONE = 0,
    VK_EXIT_FAILED = 1,      /* refused or failed; the reason is printed */
    VK_EXIT_USAGE = 2,       /* the command line is wrong */
    VK_EXIT_NOT_RUNNING = 3, /* no daemon answers on the control socket */
    VK_EXIT_ROLLED_BACK = 4, /* the change was undone; the old state serves */
    VK_EXIT_TIMED_OUT = 5,   /* no verdict in time; the daemon goes on */
};

/* voxkeeperd, from sysexits(3): systemd prints `status=78/CONFIG`, and the unit does not retry it. */
enum vkd_exit {
    VKD_EXIT_DONE = 0,
    VKD_EXIT_USAGE = 64,
    VKD_EXIT_INTERNAL = 70, /* a fault of the system: no memory, no descriptor, no loop */
    VKD_EXIT_CONFIG = 78,   /* the configuration is refused; every reason is on stderr */
};
