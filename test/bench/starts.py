"""The pipe into which every worker writes when it starts."""

import os
import select
import time


class Starts:
    def __init__(self, path):
        os.mkfifo(path)
        self.path = path
        # Open for writing as well: workers never block in open() and we never see an end of file.
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._rest = b""
        self._lines = []

    def next(self, deadline=10.0):
        """(pid, nanoseconds of CLOCK_MONOTONIC) of the next start."""
        end = time.monotonic() + deadline
        while not self._lines:
            if not select.select([self._fd], [], [], max(0.0, end - time.monotonic()))[0]:
                raise AssertionError(f"no worker started within {deadline:g} s")
            *lines, self._rest = (self._rest + os.read(self._fd, 65536)).split(b"\n")
            self._lines += lines
        pid, nanoseconds = self._lines.pop(0).split()
        return int(pid), int(nanoseconds)

    def close(self):
        os.close(self._fd)
