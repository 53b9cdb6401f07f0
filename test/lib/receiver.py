"""Somebody who is told of incidents: an HTTP server that notes what it gets and answers as told."""

import http.server
import json
import ssl
import threading

from waiting import wait_for


class Receiver:
    """Listens at once; port 0: any. `answers`: (status, headers, body) for the next requests, the
    last one for all that follow."""

    def __init__(self, port=0, answers=((200, {}, "ok"),), certificate=None):
        self.requests = []
        self._answers = list(answers)
        self._lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with receiver._lock:
                    receiver.requests.append((self.path, dict(self.headers), json.loads(body)))
                    status, headers, text = receiver._answers[0]
                    if len(receiver._answers) > 1:
                        receiver._answers.pop(0)
                self.send_response(status)
                for name, value in {"Content-Length": len(text), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self.port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def answer(self, *answers):
        with self._lock:
            self._answers = list(answers)

    def told(self, **members):
        """The bodies so far with these members."""
        with self._lock:
            bodies = [body for _, _, body in self.requests]
        return [body for body in bodies
                if all(body.get(name) == value for name, value in members.items())]

    def wait(self, deadline=30, **members):
        return wait_for(lambda: self.told(**members), deadline, f"a notice with {members}")[0]

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
