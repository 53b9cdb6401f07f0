"""The reference agent as a caller or a saboteur sees it over HTTP."""

import http.client
import json
import socket


def request(port, method, path, body=None, timeout=5.0):
    """(status, parsed JSON or text) from a worker."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        text = json.dumps(body) if body is not None else None
        connection.request(method, path, text, {"Content-Type": "application/json"})
        response = connection.getresponse()
        data = response.read()
        try:
            return response.status, json.loads(data)
        except ValueError:
            return response.status, data.decode(errors="replace")
    finally:
        connection.close()


def fault(port, name):
    """Makes a worker that runs with FAULT_ROUTES=1 misbehave; it may die before it answers."""
    try:
        return request(port, "POST", f"/__fault/{name}")
    except (OSError, http.client.HTTPException):
        return None


def hold(port):
    """An open keep-alive connection that was used once: a caller, as the kernel sees it. Node hangs
    up on who then says nothing for five seconds, unless the program says otherwise."""
    caller = socket.create_connection(("127.0.0.1", port), timeout=10)
    caller.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert caller.recv(65536).startswith(b"HTTP/1.1 200")
    return caller


def ask_half(port):
    """A caller that a worker has answered once, in the middle of its next request: who is idle is
    let go by the agent itself."""
    caller = hold(port)
    caller.sendall(b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
    return caller
