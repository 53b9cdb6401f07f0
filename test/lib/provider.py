"""A provider's API as far as it verifies keys: an HTTP server that knows which ones are good."""

import http.server
import json
import threading


class Provider:
    """Listens at once; port 0: any. `good`: the keys that it takes; `answer`: (status, body) for
    everything, or None. Its refusals quote the key, as some do."""

    def __init__(self, *good, port=0):
        self.good = set(good)
        self.answer = None
        self.left = 1000
        self.asked = []
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                key = self.headers.get("xi-api-key", "")
                provider.asked.append((self.path, key))
                status, body = provider.answer or provider.judge(key)
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def judge(self, key):
        if key in self.good:
            return 200, {"character_count": 0, "character_limit": self.left}
        return 401, {"detail": {"status": "invalid_api_key", "message": f"Invalid API key {key}"}}

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
