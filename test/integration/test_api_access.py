"""Who may ask the API for what: by the unix socket, by TCP, with a token, and from a web page."""

import os

import pytest
from api import Stream, ask, described, routes
from daemon import UnixHttp
from ports import free_port

TOKEN = "0123456789abcdef-right"
CANARY = "zanzibar"  # part of every secret, and of nothing else


@pytest.fixture
def token_file(directory):
    path = directory / "token"
    path.write_text(TOKEN + "\nmore lines do not count\n")
    return path


@pytest.fixture
def start(make_daemon, sleeper_config, port):
    """start(Key=value of [Admin]): a daemon with a TCP listener, answering."""

    def make(**admin):
        daemon = make_daemon({**sleeper_config(), "Admin": {"Listen": f"127.0.0.1:{port}", **admin}})
        daemon.wait_event("daemon-ready")
        return daemon

    return make


def reload(daemon, **admin):
    text = "\n".join(f"{key}={value}" for key, value in admin.items())
    daemon.config.write_text(daemon.config.read_text() + f"[Admin]\n{text}\n")
    return daemon.cli("reload")


def test_tcp_only_reads(start, port):
    daemon = start()
    assert ask(port, "GET", "/api/v1/status").status == 200
    for route in routes():
        if route["post"]:
            refused = ask(port, "POST", described(route, "post"), {}, Authorization=f"Bearer {TOKEN}")
            assert (refused.status, refused.code) == (403, "read-only"), route
    assert "TokenCredential=" in refused.text
    assert daemon.request("POST", "/api/v1/resume")[0] == 409  # the unix socket admits us


def test_a_token_lets_tcp_change_things(start, port, token_file):
    daemon = start(TokenCredential=token_file)
    assert ask(port, "GET", "/api/v1/status").status == 200
    missing = ask(port, "POST", "/api/v1/restart", {})
    assert (missing.status, missing.code) == (401, "token")
    assert missing.headers["WWW-Authenticate"] == "Bearer"
    for wrong in (TOKEN, "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}",
                  f"Bearer {TOKEN} ", f"Bearer  {TOKEN}", "Bearer " + "x" * 600, "Bearer x"):
        refused = ask(port, "POST", "/api/v1/restart", {}, Authorization=wrong)
        assert (refused.status, refused.code) == (401, "token"), wrong
    assert not daemon.events("restart-began")
    taken = ask(port, "POST", "/api/v1/restart", {"reason": "a test"}, Authorization=f"bearer {TOKEN}")
    assert taken.status == 202
    assert daemon.wait_event("restart-began")["author"] == "bearer of the token"
    daemon.wait_event("restart-done")
    page = ask(port, "POST", "/api/v1/restart", {}, Authorization=f"Bearer {TOKEN}", Origin="http://evil.example")
    assert (page.status, page.code) == (403, "origin")
    assert daemon.request("POST", "/api/v1/resume")[0] == 409  # the unix socket wants no token


def test_the_token_is_read_anew(start, port, token_file):
    daemon = start(TokenCredential=token_file)

    def resume(token):
        return ask(port, "POST", "/api/v1/resume", {}, Authorization=f"Bearer {token}").status

    assert resume(TOKEN) == 409
    token_file.write_text("another-token-of-24-byte")
    assert resume(TOKEN) == 401 and resume("another-token-of-24-byte") == 409
    unusable = {"short": "its first line has 5 bytes", "sixteen bytes ab\n": "a space",
                "": "its first line has 0 bytes", "x" * 600: "has 600 bytes"}
    for text, why in unusable.items():
        token_file.write_text(text)
        assert resume(text.strip() or TOKEN) == 503
        assert why in daemon.output() and "by TCP nothing can be changed" in daemon.output()
    token_file.unlink()
    assert resume(TOKEN) == 503
    assert ask(port, "GET", "/api/v1/status").status == 200


def test_a_reload_with_an_unusable_token_is_refused(start, port, directory, token_file):
    daemon = start()
    short = directory / "short"
    short.write_text("too short\n")
    for path in (short, directory / "missing", directory):
        refused = reload(daemon, TokenCredential=path)
        assert refused.returncode == 1 and str(path) in refused.stderr
        assert "too short" not in refused.stderr
    assert ask(port, "POST", "/api/v1/resume", {}).code == "read-only"
    assert reload(daemon, TokenCredential=token_file).returncode == 0
    assert ask(port, "POST", "/api/v1/resume", {}).code == "token"


def test_a_start_without_the_token_serves_and_says_so(start, port, directory):
    daemon = start(TokenCredential=directory / "missing")
    daemon.wait_line(level="warning")
    assert "by TCP nothing can be changed" in daemon.output()
    refused = ask(port, "POST", "/api/v1/resume", {}, Authorization=f"Bearer {TOKEN}")
    assert (refused.status, refused.code) == (503, "token-unusable")


def test_names_that_may_be_asked(start, port):
    daemon = start()
    assert ask(port, "GET", "/livez", Host="status.example").code == "host"
    assert reload(daemon, AllowedHosts="status.example other.example").returncode == 0
    for name in ("status.example", "other.example:443", "localhost"):
        assert ask(port, "GET", "/livez", Host=name).status == 200
    assert ask(port, "GET", "/livez", Host="evil.example").status == 403
    refused = reload(daemon, AllowedHosts="http://x")
    assert refused.returncode == 1 and "is no name of a host" in refused.stderr


def test_no_secret_in_any_answer(make_daemon, agent_config, directory):
    token = directory / "secret-file"
    token.write_text(f"{CANARY}-token-0123456789\n")
    tcp = free_port()
    config = agent_config({"API_KEY": f"{CANARY}-1", "WEBHOOK_SECRET": f"{CANARY}-2"},
                          Admin={"Listen": f"127.0.0.1:{tcp}", "TokenCredential": token})
    config["Notify pager"] = {"Type": "webhook", "Url": "http://127.0.0.1:9/hook", "KeyCredential": token}
    # Redis wants no password: it refuses ours, and the link says why.
    config["Redis"]["Url"] = config["Redis"]["Url"].replace("//", f"//:{CANARY}-3@")
    daemon = make_daemon(config)
    daemon.wait_event("daemon-ready", deadline=30)
    bearer = {"Authorization": f"Bearer {CANARY}-token-0123456789"}
    assert ask(tcp, "POST", "/api/v1/restart", {}, **bearer).status == 202
    daemon.wait_event("restart-done", deadline=60)
    ask(tcp, "POST", "/api/v1/restart", {}, Authorization=f"Bearer {CANARY}-wrong-0123456789")
    asked = 0
    for route in routes():
        if not route["get"] or route["path"] == "/api/v1/stream":
            continue
        path = route["path"] + ("/1" if route["prefix"] else "")
        answer = ask(tcp, "GET", path, **bearer)
        assert CANARY not in answer.text, path
        assert CANARY not in str(answer.headers), path
        asked += answer.status == 200
    assert asked >= 10
    stream = Stream(UnixHttp(daemon.socket, 10), Last_Event_ID="none")
    stream.wait("event", lambda data: data["event"] == "restart-done")
    stream.close()
    stream = Stream(UnixHttp(daemon.socket, 10), Last_Event_ID="none")
    for frame in stream.frames():
        assert CANARY not in str(frame)
        if "restart-done" in frame["data"]:
            break
    stream.close()
    assert CANARY not in daemon.log.read_text()


def test_a_token_does_not_help_strangers_on_the_socket(start, token_file):
    if os.geteuid() != 0:
        pytest.skip("only root becomes somebody else")
    daemon = start(TokenCredential=token_file)
    os.chmod(daemon.directory.parent, 0o755)
    os.chmod(daemon.directory, 0o755)
    os.seteuid(65534)
    try:
        connection = UnixHttp(daemon.socket, 10)
        connection.connect()
    finally:
        os.seteuid(0)
    connection.request("POST", "/api/v1/restart", "{}", {"Authorization": f"Bearer {TOKEN}"})
    assert connection.getresponse().status == 403
    connection.close()
