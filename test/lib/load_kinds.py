"""The kinds of callers that a Load is made of.

kind(port) is one caller. call() makes one call on `wire`, a connection that it opens if there is
none, and returns whether that can be used again; or it raises Failed.
"""

import itertools
import os
import time

from load_wire import Failed, Wire

TIMEOUT = 30.0  # seconds; far longer than anything that is no failure
numbers = itertools.count()


class Caller:
    def __init__(self, port, timeout=TIMEOUT):
        self.port = port
        self.timeout = timeout
        self.wire = None

    def open(self):
        self.wire = Wire(self.port, self.timeout)

    def leave(self):
        if self.wire is not None:
            self.wire.close()
            self.wire = None


class Asker(Caller):
    """A new connection for every request."""

    method, path, status = "GET", "/", 200
    keep_alive = False

    def body(self):
        return b""

    def check(self, sent, response):
        """Whether the answer is the right one for what was sent."""
        return True

    def call(self):
        if self.wire is None:
            self.open()
        sent = self.body()
        self.wire.send(self._request(sent))
        response = self.wire.response()
        if response.status != self.status:
            raise Failed(f"status {response.status}")
        if not self.check(sent, response):
            raise Failed("wrong body")
        return self.keep_alive and not response.closes

    def _request(self, body):
        connection = "keep-alive" if self.keep_alive else "close"
        head = (f"{self.method} {self.path} HTTP/1.1\r\nHost: localhost\r\n"
                f"Connection: {connection}\r\n")
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body


class Regular(Asker):
    """One connection for as long as the server does not say that it closes it."""

    keep_alive = True


class Tool(Asker):
    """POST /callback of the reference agent: without a requestId, 400 is the right answer."""

    method, path, status = "POST", "/callback", 400

    def body(self):
        return b"{}"


class RegularTool(Tool):
    keep_alive = True


class Poster(Asker):
    """POST /echo with a body of its own each time, of every size up to SIZE: load_agent.cjs."""

    SIZE = 100_000
    method, path = "POST", "/echo"

    def body(self):
        number = next(numbers)
        return (b'"%d"' % number).ljust(1 + number * 7919 % self.SIZE)

    def check(self, sent, response):
        return response.body == sent


class RegularPoster(Poster):
    keep_alive = True


class Talker(Caller):
    """A call: an upgraded connection on which both sides talk for a while. load_agent.cjs."""

    rounds, pause = 20, 0.01

    def call(self):
        self.open()
        self.wire.send(b"GET /call HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                       b"Upgrade: echo\r\n\r\n")
        response = self.wire.response()
        if response.status != 101:
            raise Failed(f"status {response.status}")
        for _ in range(self.rounds):
            said = os.urandom(160)
            self.wire.send(said)
            if self.wire.read(len(said)) != said:
                raise Failed("wrong body")
            time.sleep(self.pause)
        return False
