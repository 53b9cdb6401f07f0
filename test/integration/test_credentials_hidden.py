"""A secret is in the environment of workers and in requests to its provider, and nowhere else."""

import json
import os
import signal

from leaks import everything
from ports import free_port
from provider import Provider
from test_credentials_rotate import replace
from waiting import wait_for

CANARIES = "sk-canary-7f3a9d1b52c8", "sk-canary-2e64b80ac915", "sk-canary-d07e5513f9aa"


def leaks(daemon):
    return sorted({where for where, content in everything(daemon)
                   for canary in CANARIES if canary.encode() in content})


def credential(secret, provider, **keys):
    return {"Credential speech": {
        "File": secret, "Environment": "SPEECH_KEY", "Provider": "elevenlabs",
        "BaseUrl": provider.url, "CheckInterval": "1s", **keys}}


def test_a_canary_is_found_nowhere(make_daemon, sleeper_config, directory):
    first, second, bad = CANARIES
    secret = directory / "secret"
    secret.write_text(first)
    provider = Provider(first, second)
    try:
        daemon = make_daemon({**sleeper_config(), "Daemon": {"LogLevel": "debug"},
                              **credential(secret, provider, MinQuota=5000, RotateAfter="2s")})
        daemon.wait_event("credential-old")
        daemon.wait_event("credential-low")
        assert leaks(daemon) == []
        replace(secret, second)
        daemon.wait_event("credential-in-use", deadline=30, author="credential speech")
        replace(secret, bad)
        daemon.wait_event("credential-refused", deadline=30)
        wait_for(lambda: daemon.events("incident-opened", condition="credential-refused"))
        daemon.send(signal.SIGKILL)
        daemon.wait()
        mark = daemon.mark()
        daemon.start()
        daemon.wait_event("daemon-resumed", since=mark)
        before = len(provider.asked)
        wait_for(lambda: len(provider.asked) > before + 2, deadline=20)
        assert leaks(daemon) == []
        assert {key for _, key in provider.asked} == set(CANARIES)
    finally:
        provider.close()


def test_nor_when_much_goes_wrong(make_daemon, agent_config, directory, redis):
    """Workers that crash and hang, a sweep with its backup, alerts that wait on the disk, a
    provider that is there and then is not."""
    first, second, _ = CANARIES
    secret = directory / "secret"
    secret.write_text(first)
    redis.command("SET", "cursor_task:1", json.dumps({"createdAt": "2020-01-01T00:00:00Z"}))
    provider = Provider(first)
    try:
        daemon = make_daemon({
            **agent_config(Daemon={"LogLevel": "debug"}, Restart={"Delay": "50ms"},
                           Sweep={"Interval": "infinity", "MaxDelete": "infinity"},
                           Incidents={"Patience": "0.01"},
                           Health={"Timeout": "500ms", "Fall": "2", "FastInterval": "100ms"}),
            "Notify hook": {"Url": f"http://127.0.0.1:{free_port()}/"},
            "Preflight": {"TestCommand": "/bin/false", "Skip": [
                f"{check} hook: nobody is there" for check in ("test-notice", "start-notice")]},
            **credential(secret, provider)})
        daemon.wait_event("worker-verified", deadline=30)
        for number, event in (signal.SIGSEGV, "worker-crashed"), (signal.SIGSTOP, "worker-hung"):
            mark = daemon.mark()
            os.kill(daemon.workers()[0], number)
            daemon.wait_event(event, since=mark, deadline=30)
            daemon.wait_event("worker-verified", since=mark, deadline=60)
        daemon.cli("sweep", check=True)
        assert list((daemon.state / "backups").iterdir())
    finally:
        provider.close()
    replace(secret, second)
    daemon.wait_event("credential-unverified", deadline=30)
    wait_for((daemon.state / "alerts").exists, what="alerts on the disk")
    assert leaks(daemon) == []


def test_the_search_would_find_it(make_daemon, sleeper_config):
    daemon = make_daemon(sleeper_config(Environment=f"PLAIN={CANARIES[0]}"))
    daemon.wait_event("worker-verified")
    found = leaks(daemon)
    assert "core" in found and "show-config" in found and "/api/v1/config" in found
