"""New values of credentials: verified first, brought by a rollout, refused without harm."""

import os
import signal
from pathlib import Path

import pytest
from load import Load, tools
from ports import free_port
from provider import Provider
from test_credentials import environment_of, series
from waiting import wait_for

OLD, NEW = "sk-old-5d1f08aa71c3", "sk-new-93bb20c7e4f6"


@pytest.fixture
def provider():
    with_keys = Provider(OLD)
    yield with_keys
    with_keys.close()


@pytest.fixture
def secret(directory):
    path = directory / "secret"
    path.write_text(f"{OLD}\n")
    return path


@pytest.fixture
def keeping(secret, provider):
    """The section, with the provider at `url`."""
    def build(url=None, **keys):
        return {"Credential speech": {
            "File": secret, "Environment": "SPEECH_KEY", "Provider": "elevenlabs",
            "BaseUrl": url or provider.url, **keys}}
    return build


def replace(path, value):
    beside = path.with_suffix(".new")
    beside.write_text(f"{value}\n")
    beside.rename(path)


def key_of(pid):
    """The value that a process has; None if it has none, or went since it was listed."""
    try:
        return environment_of(pid).get("SPEECH_KEY")
    except (FileNotFoundError, ProcessLookupError):
        return None


def keys_of(daemon):
    """The values that its live workers have."""
    return {key for pid in daemon.workers() if (key := key_of(pid))}


def test_a_good_one_is_rolled_out_and_no_caller_is_lost(make_daemon, agent_config, keeping, port,
                                                        secret, provider):
    provider.good.add(NEW)
    sections = {**agent_config(Agent={"Handover": "preload", "Workers": 2},
                               Rollout={"Bake": "200ms", "KeepWarm": "200ms"}), **keeping()}
    daemon = make_daemon(sections)
    daemon.wait_event("worker-verified", count=2, deadline=30)
    assert keys_of(daemon) == {OLD}
    with Load(port, *tools(4)) as load:
        wait_for(lambda: load.done > 20, deadline=30)
        replace(secret, NEW)
        used = daemon.wait_event("credential-in-use", deadline=60, author="credential speech")
        wait_for(lambda: keys_of(daemon) == {NEW}, deadline=30)
        before = load.done
        wait_for(lambda: load.done > before + 20, deadline=30)
    assert load.failures == []
    assert "elevenlabs: HTTP 200" in used["reason"]
    began = daemon.events("restart-began")
    assert [event["author"] for event in began] == ["credential speech"]
    assert series(daemon, "voxkeeper_provider_key_valid", provider="elevenlabs") == 1
    told = daemon.cli("changelog", "--kind", "credential", check=True).stdout
    assert "credential speech" in told
    assert "credential-refused" not in {event.get("event") for event in daemon.lines()}


def test_a_bad_one_is_refused_and_the_old_one_stays(make_daemon, sleeper_config, keeping, secret):
    daemon = make_daemon({**sleeper_config(), **keeping()})
    daemon.wait_event("worker-verified")
    workers = daemon.workers()
    replace(secret, "sk-bad-1111222233334444")
    refused = daemon.wait_event("credential-refused")
    assert "HTTP 401" not in refused["reason"] or "1111" not in refused["reason"]
    assert "quotes the value" in refused["reason"]
    daemon.wait_event("incident-opened", condition="credential-refused", subject="speech")
    assert daemon.workers() == workers and keys_of(daemon) == {OLD}
    # A worker that dies is followed by one with the value that is in use.
    mark = daemon.mark()
    os.kill(workers[0], signal.SIGKILL)
    daemon.wait_event("worker-verified", since=mark)
    assert keys_of(daemon) == {OLD}
    replace(secret, OLD)
    daemon.wait_event("incident-resolved", deadline=30, condition="credential-refused")
    assert not daemon.events("restart-began")


def test_a_reload_looks_once_more(make_daemon, sleeper_config, keeping, secret, provider):
    daemon = make_daemon({**sleeper_config(), **keeping()})
    daemon.wait_event("worker-verified")
    replace(secret, NEW)
    daemon.wait_event("credential-refused")
    provider.good.add(NEW)
    mark = daemon.mark()
    assert "nothing changed" in daemon.cli("reload", check=True).stdout
    daemon.wait_event("credential-in-use", since=mark, deadline=30, author="credential speech")
    wait_for(lambda: keys_of(daemon) == {NEW}, deadline=30)


def test_a_provider_that_is_down_refuses_nothing(make_daemon, sleeper_config, keeping, secret):
    port = free_port()
    daemon = make_daemon({**sleeper_config(), **keeping(url=f"http://127.0.0.1:{port}")})
    daemon.wait_event("worker-verified")
    replace(secret, NEW)
    unverified = daemon.wait_event("credential-unverified")
    assert "connect" in unverified["reason"].lower()
    assert keys_of(daemon) == {OLD}
    assert series(daemon, "voxkeeper_provider_key_valid") is None
    up = Provider(OLD, NEW, port=port)
    try:
        daemon.wait_event("credential-in-use", deadline=40, author="credential speech")
    finally:
        up.close()
    wait_for(lambda: keys_of(daemon) == {NEW}, deadline=30)
    assert not daemon.events("credential-refused")
    assert len(daemon.events("credential-unverified")) == 1


@pytest.mark.parametrize("status, body", [(500, {}), (429, {"detail": {"status": "system_busy"}}),
                                          (404, {}), (200, None)])
def test_only_words_about_the_key_count(make_daemon, sleeper_config, keeping, secret, provider,
                                        status, body):
    daemon = make_daemon({**sleeper_config(), **keeping(CheckInterval="1s")})
    daemon.wait_event("worker-verified")
    wait_for(lambda: series(daemon, "voxkeeper_provider_key_valid") == 1)
    if status == 200:
        return
    provider.answer = (status, body)
    before = len(provider.asked)
    wait_for(lambda: len(provider.asked) > before + 2, deadline=20)
    assert series(daemon, "voxkeeper_provider_key_valid") == 1
    replace(secret, NEW)
    daemon.wait_event("credential-unverified")
    assert not daemon.events("credential-invalid") and keys_of(daemon) == {OLD}


def test_the_one_in_use_turns_bad_and_good_again(make_daemon, sleeper_config, keeping, provider):
    daemon = make_daemon({**sleeper_config(), **keeping(CheckInterval="1s", MinQuota=500)})
    daemon.wait_event("worker-verified")
    wait_for(lambda: series(daemon, "voxkeeper_provider_quota_remaining") == 1000)
    provider.left = 400
    low = daemon.wait_event("credential-low")
    assert "400.00 are left at elevenlabs, MinQuota= is 500.00" in low["reason"]
    daemon.wait_event("incident-opened", condition="credential-low")
    provider.good.clear()
    daemon.wait_event("credential-invalid")
    daemon.wait_event("incident-opened", condition="credential-invalid", subject="speech")
    assert series(daemon, "voxkeeper_provider_key_valid", credential="speech") == 0
    provider.good.add(OLD)
    provider.left = 900
    daemon.wait_event("incident-resolved", deadline=40, condition="credential-invalid")
    daemon.wait_event("incident-resolved", deadline=40, condition="credential-low")


def test_workers_that_fail_with_it_keep_the_old_one(make_daemon, sleeper_config, keeping, secret,
                                                    provider, directory):
    provider.good.add(NEW)
    program = directory / "agent.sh"
    program.write_text(f'#!/bin/sh\n[ "$SPEECH_KEY" = {OLD} ] || exit 7\nexec sleep 600\n')
    program.chmod(0o755)
    daemon = make_daemon({**sleeper_config(ExecStart=program), **keeping()})
    daemon.wait_event("worker-verified")
    mark = daemon.mark()
    replace(secret, NEW)
    refused = daemon.wait_event("credential-refused", deadline=30)
    assert "it ended with exit code 7" in refused["reason"]
    daemon.wait_event("worker-verified", since=mark, deadline=30)
    wait_for(lambda: keys_of(daemon) == {OLD})


def by_generation(daemon):
    """(generation, value) of each live worker."""
    workers = daemon.request("GET", "/api/v1/workers")[1]["workers"]
    return {(worker["generation"], key)
            for worker in workers if worker.get("pid") and (key := key_of(worker["pid"]))}


def test_a_rollout_that_is_cancelled_goes_back_to_the_value_before(
        make_daemon, agent_config, keeping, secret, provider):
    provider.good.add(NEW)
    daemon = make_daemon({**agent_config(Agent={"Handover": "preload", "Workers": 2},
                                         Rollout={"Bake": "5min"}), **keeping()})
    daemon.wait_event("worker-verified", count=2, deadline=30)
    replace(secret, NEW)
    daemon.wait_event("rollout-baking", deadline=30)
    assert by_generation(daemon) == {(1, OLD), (2, NEW)}
    mark = daemon.mark()
    for pid in daemon.workers():
        if key_of(pid) == OLD:
            os.kill(pid, signal.SIGKILL)
    assert daemon.wait_event("worker-verified", since=mark, deadline=30)["generation"] == "1"
    wait_for(lambda: by_generation(daemon) == {(1, OLD), (2, NEW)})
    # Another instance knows what belongs to which of them.
    daemon.send(signal.SIGKILL)
    daemon.wait()
    daemon.start()
    daemon.wait_event("daemon-resumed")
    daemon.cli("rollout", "cancel", check=True)
    refused = daemon.wait_event("credential-refused", deadline=30)
    assert "cancelled by" in refused["reason"]
    wait_for(lambda: by_generation(daemon) == {(1, OLD)}, deadline=30)


def test_a_checklist_that_fails_keeps_the_old_one(make_daemon, sleeper_config, keeping, secret,
                                                  provider):
    provider.good.add(NEW)
    daemon = make_daemon({**sleeper_config(), **keeping(), "Rollout": {"RequirePreflight": "yes"},
                          "Preflight": {"TestCommand": "/bin/false"}})
    daemon.wait_event("worker-verified")
    replace(secret, NEW)
    refused = daemon.wait_event("credential-refused", deadline=60)
    assert "its rollout was refused" in refused["reason"]
    assert keys_of(daemon) == {OLD}


def test_a_daemon_that_dies_before_the_rollout_begins_again(make_daemon, sleeper_config, keeping,
                                                            secret, provider, directory):
    """The checklist is not through: no worker gets the value, of which only the provider speaks."""
    provider.good.add(NEW)
    tests = directory / "tests.sh"
    tests.write_text(f"#!/bin/sh\n: >{directory}/began\nuntil [ -e {directory}/open ]; do sleep 0.1; "
                     "done\n")
    tests.chmod(0o755)
    daemon = make_daemon({**sleeper_config(), **keeping(), "Rollout": {"RequirePreflight": "yes"},
                          "Preflight": {"TestCommand": tests}})
    daemon.wait_event("worker-verified")
    replace(secret, NEW)
    wait_for((directory / "began").exists, deadline=30)
    wait_for(lambda: "next" in (daemon.state / "credentials/credentials.json").read_text())
    daemon.send(signal.SIGKILL)
    daemon.wait()
    (directory / "began").unlink()
    mark = daemon.mark()
    daemon.start()
    daemon.wait_event("daemon-resumed", since=mark)
    (worker,) = by_generation(daemon)
    assert worker[1] == OLD
    os.kill(daemon.request("GET", "/api/v1/workers")[1]["workers"][0]["pid"], signal.SIGKILL)
    daemon.wait_event("worker-verified", since=mark, deadline=30)
    assert keys_of(daemon) == {OLD}
    # The file is verified as if nobody had seen it, and the checklist begins anew.
    wait_for((directory / "began").exists, deadline=30)
    assert keys_of(daemon) == {OLD} and not daemon.events("credential-refused")


def test_a_flipped_link_is_seen_and_half_a_file_is_not(make_daemon, sleeper_config, keeping, secret,
                                                       provider, directory):
    provider.good.add(NEW)
    for name, value in ("a", OLD), ("b", NEW):
        (directory / name).mkdir()
        (directory / name / "key").write_text(value)
    (directory / "data").symlink_to("a")
    daemon = make_daemon({**sleeper_config(), **keeping(File=directory / "data/key")})
    daemon.wait_event("worker-verified")
    (directory / "flip").symlink_to("b")
    (directory / "flip").rename(directory / "data")
    daemon.wait_event("credential-in-use", deadline=30, author="credential speech")
    wait_for(lambda: keys_of(daemon) == {NEW})


def test_a_daemon_that_died_goes_on_with_the_old_value(make_daemon, sleeper_config, keeping, secret):
    daemon = make_daemon({**sleeper_config(), **keeping()})
    daemon.wait_event("worker-verified")
    wait_for(lambda: (daemon.state / "credentials/credentials.json").exists())
    daemon.send(signal.SIGKILL)
    daemon.wait()
    replace(secret, "sk-bad-1111222233334444")
    mark = daemon.mark()
    daemon.start()
    daemon.wait_event("credential-refused", since=mark)
    (worker,) = daemon.request("GET", "/api/v1/workers")[1]["workers"]
    os.kill(worker["pid"], signal.SIGKILL)
    daemon.wait_event("worker-verified", since=mark)
    wait_for(lambda: keys_of(daemon) == {OLD})
    assert not daemon.events("credential-in-use", since=mark)
