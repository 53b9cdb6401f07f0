"""All the providers whose keys can be verified: one HTTP server, each with a path of its own, which
answers a good key as they do."""

import base64
import http.server
import json
import threading

# Provider= -> (the request header, what stands before the value in it).
HEADERS = {"elevenlabs": ("xi-api-key", ""), "deepgram": ("Authorization", "Token "),
           "openai": ("Authorization", "Bearer "), "anthropic": ("x-api-key", ""),
           "google": ("x-goog-api-key", ""), "twilio": ("Authorization", "Basic "),
           "http": ("X-Key", "")}
PROJECT = "0a1b2c3d-0000-1111-2222-333344445555"
ACCOUNT = "AC0123456789abcdef0123456789abcdef"


class Providers:
    """`answer[provider]`: (status, body) instead of what it would say; `left[provider]`."""

    def __init__(self, key):
        self.key = key
        self.answer = {}
        self.left = {"elevenlabs": 40000, "deepgram": 12.5, "twilio": 7.25}
        self.asked = []
        providers = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                _, name, path = self.path.split("/", 2)
                providers.asked.append((name, "/" + path))
                status, body = providers.judge(name, "/" + path, self.headers)
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def judge(self, name, path, headers):
        header, prefix = HEADERS[name]
        value = self.key
        if name == "twilio":
            value = base64.b64encode(f"{ACCOUNT}:{self.key}".encode()).decode()
        if name in self.answer:
            return self.answer[name]
        if headers.get(header) != prefix + value:
            return 401, {"message": "no such key"}
        return {
            ("elevenlabs", "/v1/user/subscription"): (200, {
                "character_count": 0, "character_limit": self.left["elevenlabs"]}),
            ("deepgram", "/v1/projects"): (200, {"projects": [{"project_id": PROJECT}]}),
            ("deepgram", f"/v1/projects/{PROJECT}/balances"): (200, {
                "balances": [{"amount": self.left["deepgram"], "units": "usd"}]}),
            ("openai", "/v1/models"): (200, {"data": []}),
            ("anthropic", "/v1/models"): (200, {"data": []}),
            ("google", "/v1beta/models?pageSize=1"): (200, {"models": []}),
            ("twilio", f"/2010-04-01/Accounts/{ACCOUNT}.json"): (200, {
                "sid": ACCOUNT, "status": "active"}),
            ("twilio", f"/2010-04-01/Accounts/{ACCOUNT}/Balance.json"): (200, {
                "balance": str(self.left["twilio"]), "currency": "USD"}),
            ("http", "/me"): (200, {}),
        }.get((name, path), (404, {"message": f"there is no {path}"}))

    def section(self, name, file):
        """[Credential NAME], NAME being the provider's."""
        keys = {"File": file, "Provider": name, "RotateAfter": "infinity"}
        if name == "http":
            return {**keys, "Url": f"{self.url}/http/me", "Header": "X-Key:"}
        if name == "twilio":
            keys["Account"] = ACCOUNT
        return {**keys, "BaseUrl": f"{self.url}/{name}"}

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
