"""The interfaces of all providers as far as keys are verified with them, and what was asked."""

import base64
import http.server
import json
import ssl
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs


@dataclass
class Asked:
    method: str
    path: str
    headers: dict
    body: str


class ProviderApis:
    """Answers what `answers` has for "METHOD /path", as (status, body); else 404. A body that is
    no text is sent as JSON. `asked`: what came, in order."""

    def __init__(self, answers, certificate=None):
        self.answers = answers
        self.asked = []
        apis = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, headers, self.rfile.read(length).decode())
                apis.asked.append(asked)
                found = apis.answers.get(f"{self.command} {self.path}", (404, {}))
                status, body = found(asked) if callable(found) else found
                text = (body if isinstance(body, str) else json.dumps(body)).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def service_account_key():
    """A new key file of a service account, as Google's console writes it, as text."""
    pem = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
                          "rsa_keygen_bits:2048"], check=True, capture_output=True,
                         text=True).stdout
    return json.dumps({
        "type": "service_account", "project_id": "voice", "private_key_id": "5d1f08aa71c3",
        "private_key": pem, "client_email": "agent@voice.iam.gserviceaccount.com",
        "client_id": "104", "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token"}, indent=2) + "\n"


def _unpack(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def assertion_claims(form, key_file):
    """What the assertion in a token request claims; fails if that key did not sign it."""
    fields = parse_qs(form, strict_parsing=True)
    assert fields["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    header, claims, signature = fields["assertion"][0].split(".")
    assert json.loads(_unpack(header))["alg"] == "RS256"
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        (place / "key").write_text(json.loads(key_file)["private_key"])
        (place / "signature").write_bytes(_unpack(signature))
        subprocess.run(["openssl", "pkey", "-in", place / "key", "-pubout", "-out", place / "pub"],
                       check=True)
        subprocess.run(["openssl", "dgst", "-sha256", "-verify", place / "pub", "-signature",
                        place / "signature"], input=f"{header}.{claims}".encode(), check=True,
                       stdout=subprocess.DEVNULL)
    return json.loads(_unpack(claims))
