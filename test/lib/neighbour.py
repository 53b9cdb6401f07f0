"""Somebody whom the agent needs, a provider or the cursor runner: an HTTP server on the loopback."""

import email.utils
import http.server
import ssl
import subprocess
import threading
import time


def certificate(directory, name, days=365, begin=None, host="127.0.0.1"):
    """A self-signed certificate for that address; (certificate file, key file). days may be in the
    past: it has expired then. begin: seconds from now at which it begins to be valid."""
    cert, key = directory / f"{name}.pem", directory / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
                    directory / f"{name}.first", "-days", "2", "-subj", f"/CN={host}", "-addext",
                    f"subjectAltName=IP:{host}"], check=True, capture_output=True)
    now = time.time() + (begin or 0)
    stamp = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(at))
             for at in (now - 400 * 86400, now + days * 86400)]
    # `req -x509` takes no dates in the past, `ca` does.
    (directory / f"{name}.index").write_text("")
    (directory / f"{name}.cnf").write_text(
        f"[ca]\ndefault_ca=d\n[d]\ndatabase={directory / name}.index\nrand_serial=yes\n"
        f"default_md=sha256\npolicy=p\nnew_certs_dir={directory}\nx509_extensions=e\n[p]\n"
        f"commonName=supplied\n[e]\nsubjectAltName=IP:{host}\nbasicConstraints=CA:TRUE\n")
    request = directory / f"{name}.csr"
    subprocess.run(["openssl", "req", "-new", "-key", key, "-out", request, "-subj", f"/CN={host}"],
                   check=True, capture_output=True)
    subprocess.run(["openssl", "ca", "-batch", "-selfsign", "-notext", "-config",
                    directory / f"{name}.cnf", "-keyfile", key, "-in", request, "-out", cert,
                    "-startdate", stamp[0], "-enddate", stamp[1]], check=True, capture_output=True)
    return cert, key


class Neighbour:
    """Answers every request with `status` and `body`. certificate: of `certificate()`. skew: by how
    many seconds its clock is ahead of ours. mute: accepts connections and never answers. dawdle:
    seconds after which it secures a connection, of those that have a certificate."""

    def __init__(self, status=200, body='{"status":"ok"}', certificate=None, skew=0, mute=False,
                 port=0, dawdle=0):
        self.status, self.body, self.skew = status, body, skew
        self._release = threading.Event()
        neighbour = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if mute:
                    neighbour._release.wait()
                    return
                text = neighbour.body.encode()
                self.send_response_only(neighbour.status)
                self.send_header("Date", email.utils.formatdate(time.time() + neighbour.skew,
                                                                usegmt=True))
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            # Not the listening socket: whoever secures its connections one by one serves one.
            self._server.process_request_thread = self._secured(context, dawdle)
            self._server.handle_error = lambda *_: None
        self.port = self._server.server_port
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def _secured(self, context, dawdle):
        serve = self._server.process_request_thread

        def run(connection, address):
            self._release.wait(dawdle)
            try:
                connection = context.wrap_socket(connection, server_side=True)
            except OSError:
                self._server.shutdown_request(connection)
                return
            serve(connection, address)

        return run

    def close(self):
        self._release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
