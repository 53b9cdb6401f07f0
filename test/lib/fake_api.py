"""A control socket whose answers the test writes: for what a real daemon says only on a bad day."""

import json
import socket
import threading

HANG = object()  # no answer; the connection stays open until the client gives up


class FakeApi:
    """Listens on `path` at once. answers: "GET /api/v1/status" -> an answer, or a list of them, of
    which the last one stands. An answer is a JSON value (200), (status, JSON value), raw bytes,
    HANG, or a function of the request's body that returns one."""

    def __init__(self, path, answers=None):
        self.path = str(path)
        self.answers = answers or {}
        self.requests = []  # (method, target, body)
        self.on_request = lambda target: None
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(64)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        """From now on nobody answers; the socket file stays."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._listener.fileno() >= 0:
            self.close()

    def _serve(self):
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection, connection.makefile("rb") as reader:
            line = reader.readline().decode()
            if not line:
                return
            method, target, _ = line.split()
            length = 0
            while (header := reader.readline()) not in (b"\r\n", b""):
                name, _, value = header.decode().partition(":")
                if name.lower() == "content-length":
                    length = int(value)
            body = reader.read(length)
            self.requests.append((method, target, body.decode()))
            self.on_request(target)
            try:
                self._answer(connection, reader, f"{method} {target.partition('?')[0]}", body)
            except OSError:
                pass

    def _answer(self, connection, reader, route, body):
        answer = self.answers.get(route, (404, {"error": {"code": "path", "message": "no"}}))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(body)
        if answer is HANG:
            reader.read()
            return
        if not isinstance(answer, bytes):
            status, value = answer if isinstance(answer, tuple) else (200, answer)
            text = json.dumps(value).encode()
            answer = (b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
                      b"Connection: close\r\n\r\n" % (status, len(text))) + text
        connection.sendall(answer)
