"""Waiting for conditions and lines with a deadline, so that no test ever sleeps for luck."""

import selectors
import time


def wait_for(predicate, deadline=10.0, what=None):
    """Calls predicate until it returns something true, and returns that.

    An AssertionError that predicate raises counts as "not yet"; the last one becomes the failure's
    explanation. Anything else it raises is a fault of the test and passes through.
    """
    end = time.monotonic() + deadline
    pause = 0.005
    while True:
        reason = None
        try:
            value = predicate()
            if value:
                return value
        except AssertionError as error:
            reason = error
        if time.monotonic() > end:
            name = what or getattr(predicate, "__name__", "condition")
            raise AssertionError(f"waited {deadline:g} s for {name}") from reason
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def read_chunk(stream, end):
    """Up to 64 KiB from stream as soon as there are any; b"" at its end, None at time end."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        if not selector.select(max(0.0, end - time.monotonic())):
            return None
    return stream.read1(65536)


def read_lines(stream, deadline):
    """Yields the lines (bytes) of an unbuffered binary stream until its end or the deadline."""
    end = time.monotonic() + deadline
    rest = b""
    while chunk := read_chunk(stream, end):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
