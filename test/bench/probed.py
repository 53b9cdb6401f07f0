"""An HTTP server on loopback for voxkeeperd's probes, since the worker itself does nothing."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Healthy(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked()
        body = b'{"status":"ok"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serve(asked=lambda: None):
    """The URL of a server that answers 200 while the context lasts; `asked` is called each time."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Healthy)
    server.asked = asked
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/health"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
