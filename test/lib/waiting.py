"""Waiting for conditions and lines with a deadline, so that no test ever sleeps for luck."""

import selectors
import time
from pathlib import Path

PRESSURE = Path("/proc/pressure/cpu")
# Of the time in which somebody waits for a processor, so much counts all the same.
LEAST = 1 / 4


def starved():
    """Seconds in which some process of this machine waited for a processor; 0 if nobody counts."""
    try:
        return int(PRESSURE.read_text().split("\n")[0].rpartition("total=")[2]) / 1e6
    except OSError:
        return 0.0


class Patience:
    """A deadline is for what never comes, and not for a machine that has much else to do: time in
    which others had the processors counts less."""

    def __init__(self, seconds):
        self._left = seconds
        self._at = time.monotonic()
        self._starved = starved()

    def left(self):
        """Seconds that there are still to wait; below 0 when it is over."""
        now, starved_now = time.monotonic(), starved()
        passed = now - self._at
        self._left -= max(passed * LEAST, passed - (starved_now - self._starved))
        self._at, self._starved = now, starved_now
        return self._left


def wait_for(predicate, deadline=10.0, what=None):
    """Calls predicate until it returns something true, and returns that.

    An AssertionError that predicate raises counts as "not yet"; the last one becomes the failure's
    explanation. Anything else it raises is a fault of the test and passes through.
    """
    patience = Patience(deadline)
    pause = 0.005
    while True:
        reason = None
        try:
            value = predicate()
            if value:
                return value
        except AssertionError as error:
            reason = error
        if patience.left() < 0:
            name = what or getattr(predicate, "__name__", "condition")
            raise AssertionError(f"waited {deadline:g} s for {name}") from reason
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def read_chunk(stream, patience):
    """Up to 64 KiB from stream as soon as there are any; b"" at its end, None without patience."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while not selector.select(max(0.0, min(patience.left(), 0.5))):
            if patience.left() < 0:
                return None
    return stream.read1(65536)


class Lines:
    """The lines (bytes) of a binary stream, one after the other: none is lost between two waits."""

    def __init__(self, stream):
        self._stream = stream
        self._rest = b""
        self._lines = []

    def next(self, deadline):
        """The next line; None at the end of the stream or at the deadline."""
        patience = Patience(deadline)
        while not self._lines:
            chunk = read_chunk(self._stream, patience)
            if not chunk:
                return None
            *self._lines, self._rest = (self._rest + chunk).split(b"\n")
        return self._lines.pop(0)


def read_lines(stream, deadline):
    """Yields the lines (bytes) of an unbuffered binary stream until its end or the deadline."""
    patience = Patience(deadline)
    rest = b""
    while chunk := read_chunk(stream, patience):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
