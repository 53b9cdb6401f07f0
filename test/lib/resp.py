"""A Redis client of a page: Debian has none for Python that tests could count on everywhere."""

import socket


class RedisError(Exception):
    """An error reply; its text starts with the class (WRONGTYPE, LOADING, ...)."""


class Resp:
    """One connection. Replies are bytes, int, None, or lists of these."""

    def __init__(self, path, timeout=60.0):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        self._socket.connect(str(path))
        self._stream = self._socket.makefile("rb")

    def close(self):
        self._stream.close()
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def command(self, *words):
        return self.pipeline([words])[0]

    def pipeline(self, commands):
        """Sends all, then reads all replies; raises the first error reply."""
        self._socket.sendall(b"".join(self._encode(words) for words in commands))
        replies = [self._reply() for _ in commands]
        for reply in replies:
            if isinstance(reply, RedisError):
                raise reply
        return replies

    def monitor(self):
        """Yields a line for every command that anybody sends, until `shut`."""
        assert self.command("MONITOR") == b"OK"
        self._socket.settimeout(None)
        try:
            while True:
                yield self._reply().decode(errors="replace")
        except OSError:
            pass

    def shut(self):
        """Ends a `monitor` of another thread."""
        self._socket.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _encode(words):
        out = [b"*%d\r\n" % len(words)]
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            out.append(b"$%d\r\n%s\r\n" % (len(data), data))
        return b"".join(out)

    def _reply(self):
        line = self._stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            return RedisError(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._stream.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self._reply() for _ in range(int(rest))]
        raise ConnectionError(f"read Redis reply: unknown type {kind!r}")
