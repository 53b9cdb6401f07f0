"""HTTP/1.1 as an exacting caller reads it: every way to be let down has a name of its own."""

import socket
import time

RECEIVE = 65536


class Failed(Exception):
    """One call went wrong; str() is the kind of failure that is counted."""


def connect(port, timeout, host="127.0.0.1"):
    """port: a number, or the path of a unix socket."""
    is_tcp = isinstance(port, int)
    connection = socket.socket(socket.AF_INET if is_tcp else socket.AF_UNIX)
    if is_tcp:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(timeout)
    try:
        connection.connect((host, port) if is_tcp else str(port))
    except OSError as error:
        connection.close()
        raise Failed(name_of(error)) from None
    return connection


def name_of(error):
    """refused, reset, timeout or, of anything else, its class."""
    names = {ConnectionRefusedError: "refused", ConnectionResetError: "reset",
             BrokenPipeError: "reset", TimeoutError: "timeout"}
    return names.get(type(error), type(error).__name__)


class Response:
    """status: number; headers: names in lower case; body: bytes."""

    def __init__(self, head):
        first, *rest = head.decode("latin-1").split("\r\n")
        version, _, status = first.partition(" ")
        if not version.startswith("HTTP/1.") or not status[:3].isdigit():
            raise Failed("no HTTP")
        self.status = int(status[:3])
        self.headers = {}
        for line in rest:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        self.body = b""

    @property
    def closes(self):
        return self.headers.get("connection", "").lower() == "close"


class Wire:
    """One connection to the agent."""

    def __init__(self, port, timeout):
        self.opened = time.monotonic()
        self.socket = connect(port, timeout)
        self.port = self.socket.getsockname()[1] if isinstance(port, int) else 0
        self._rest = b""

    def close(self):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Failed(name_of(error)) from None

    def _more(self, none, some):
        """Receives once more; at the end of the stream the failure is `some` if anything came."""
        try:
            data = self.socket.recv(RECEIVE)
        except OSError as error:
            raise Failed(name_of(error)) from None
        if not data:
            raise Failed(some if self._rest else none)
        self._rest += data

    def read(self, size):
        """So many bytes of an upgraded connection."""
        while len(self._rest) < size:
            self._more("closed", "cut short")
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def response(self):
        while b"\r\n\r\n" not in self._rest:
            self._more("closed", "cut short")
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        response = Response(head)
        if response.status == 101:
            return response
        length = response.headers.get("content-length", "")
        if not length.isdigit():
            raise Failed("no length")
        while len(self._rest) < int(length):
            self._more("cut short", "cut short")
        if len(self._rest) > int(length):
            raise Failed("too long")
        response.body, self._rest = self._rest, b""
        return response
