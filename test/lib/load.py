"""Callers in numbers: as many requests as they can make, every failure counted by its kind."""

import http.client
import threading
import time
from collections import Counter


class Load:
    """`clients` threads that call until stop(). keep_alive: one connection each, reopened only
    when the server closes it in good order."""

    def __init__(self, port, clients=4, keep_alive=False):
        self.port = port
        self.keep_alive = keep_alive
        self.done = 0
        self.failed = Counter()
        self.worst = 0.0
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._call) for _ in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _call(self):
        connection = None
        while not self._stopping.is_set():
            connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            began = time.monotonic()
            kind = self._once(connection)
            with self._lock:
                self.worst = max(self.worst, time.monotonic() - began)
                if kind is None:
                    self.done += 1
                else:
                    self.failed[kind] += 1
            if kind is not None or not self.keep_alive or connection.sock is None:
                connection.close()
                connection = None

    def _once(self, connection):
        """None, or what went wrong. /callback without a requestId: 400 is the right answer."""
        try:
            connection.request("POST", "/callback", "{}", {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            return None if response.status == 400 else f"status {response.status}"
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
