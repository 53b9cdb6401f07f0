"""Callers in the network of a container, while the test itself stays where it is."""

import ctypes
import os

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def enter_network_of(pid):
    """Sockets that this thread opens from now on are in that process's network."""
    fd = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        if libc.setns(fd, CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"enter the network of process {pid}: {os.strerror(number)}")
    finally:
        os.close(fd)
