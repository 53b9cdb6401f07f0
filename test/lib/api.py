"""The API over TCP, as a browser or a script on the same machine asks it, and its routes."""

import http.client
import json
import subprocess

from daemon import BUILD


def routes():
    """The daemon's own table: dicts with path, prefix, get, post, members."""
    printed = subprocess.run([BUILD / "test/docs/api-routes"], capture_output=True, check=True)
    return json.loads(printed.stdout)


def described(route, method):
    """The path of a route as docs/openapi.json writes it."""
    if not route["prefix"]:
        return route["path"]
    return route["path"] + ("/{id}" if method == "get" else "/{id}/acknowledge")


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def code(self):
        return self.json["error"]["code"]


def ask(port, method, path, body=None, **headers):
    """An Answer. headers: underscores stand for hyphens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, json.dumps(body) if body is not None else None, named)
        return Answer(connection.getresponse())
    finally:
        connection.close()


class Stream:
    """Reads server-sent events: next() is one of them, as a dict of its fields."""

    def __init__(self, connection, path="/api/v1/stream", **headers):
        self.connection = connection
        connection.request("GET", path, headers={name.replace("_", "-"): value
                                                 for name, value in headers.items()})
        self.response = connection.getresponse()
        assert self.response.status == 200, self.response.read()

    def frames(self):
        """Each frame until the end of the answer; comments are frames without an event."""
        fields = {}
        for line in self.response:
            line = line.decode().rstrip("\n")
            if line:
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
            elif fields:
                yield fields
                fields = {}

    def wait(self, event, wanted=lambda data: True):
        """The first frame of that event whose data is as wanted."""
        for frame in self.frames():
            if frame.get("event") == event and wanted(json.loads(frame["data"])):
                return {**frame, "data": json.loads(frame["data"])}
        raise AssertionError(f"the stream ended before {event}")

    def close(self):
        self.connection.close()
