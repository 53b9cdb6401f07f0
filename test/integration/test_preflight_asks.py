"""The checklist asks providers about keys, and sends every notifier a test notice: what each of
them answers is a row of its own."""

import json
import xml.etree.ElementTree as ElementTree

import pytest
from ports import free_port
from providers import HEADERS, Providers
from receiver import Receiver
from test_preflight import evidence, run, script, verdicts

KEY = "sk-0123456789-key-of-all"
OTHERS = ["tests: not looked at here", "scaling: not looked at here", "rollback: not looked at here",
          "dashboards: not looked at here", "scrape: not looked at here", "rules: not looked at here",
          "alertmanager: not looked at here", "alert-path: not looked at here", "team: not looked at here"]


@pytest.fixture
def providers():
    server = Providers(KEY)
    yield server
    server.close()


@pytest.fixture
def secret(directory):
    path = directory / "secret"
    path.write_text(KEY + "\n")
    return path


def asking(sleeper_config, sections, *skip):
    """A configuration whose checklist has only what `sections` have."""
    return {**sleeper_config(), "Preflight": {"Skip": [*OTHERS, *skip]}, **sections}


@pytest.fixture
def keeping(sleeper_config, providers, secret):
    """keeping(*skip, name={..}): a credential of each provider, changed by name; None leaves it out."""

    def build(*skip, **changes):
        sections = {}
        for name in HEADERS:
            changed = changes.get(name, {})
            if changed is not None:
                sections[f"Credential {name}"] = {**providers.section(name, secret), **changed}
        return asking(sleeper_config, sections, "test-notice: not looked at here", *skip)

    return build


def test_every_key_is_asked_of_its_provider(make_daemon, keeping, providers):
    daemon = make_daemon(keeping(elevenlabs={"MinQuota": "30000"}))
    daemon.wait_event("worker-verified")
    providers.asked.clear()
    code, checks, operation = run(daemon)
    assert code == 0, checks
    rows = {name.split()[1]: evidence(check) for name, check in checks.items() if name.startswith("provider-key")}
    assert set(rows) == set(HEADERS)
    assert providers.asked_names() == set(HEADERS)
    assert "elevenlabs takes it: HTTP 200" in rows["elevenlabs"]
    assert "40000 are left, MinQuota= is 30000" in rows["elevenlabs"]
    # How much is left is told also where nobody set a limit.
    assert "12.50 are left" in rows["deepgram"] and "7.25 are left" in rows["twilio"]
    assert "it is good until 2099-01-01T00:00:00.000Z" in rows["http"]
    assert KEY not in json.dumps(operation)
    # One that has ended by itself is no good, whatever else is said of it.
    providers.expires = "2020-01-01T00:00:00Z"
    code, checks, _ = run(daemon)
    assert code == 1 and verdicts(checks, "failed") == {"provider-key http"}
    assert "it was good until 2020-01-01" in evidence(checks["provider-key http"])


@pytest.mark.parametrize("name, answer, why", [
    ("elevenlabs", (401, {"detail": {"status": "invalid_api_key", "message": "Invalid API key"}}),
     "elevenlabs refuses it: HTTP 401: Invalid API key"),
    ("deepgram", (401, {"err_code": "INVALID_AUTH", "err_msg": "Invalid credentials."}),
     "deepgram refuses it: HTTP 401: Invalid credentials."),
    ("openai", (429, {"error": {"code": "insufficient_quota", "message": "You exceeded your quota"}}),
     "openai has no credit left for it: HTTP 429"),
    ("anthropic", (529, {"error": {"type": "overloaded_error", "message": "Overloaded"}}),
     "anthropic did not say whether it is good: HTTP 529: Overloaded"),
    ("google", (400, {"error": {"message": "API key not valid", "details": [{"reason": "API_KEY_INVALID"}]}}),
     "google refuses it: HTTP 400"),
    ("twilio", (403, {"code": 20403, "message": "Account suspended"}),
     "twilio has no credit left for it: HTTP 403"),
    ("http", (429, {}), "it is asked too often: HTTP 429"),
])
def test_the_key_that_is_not_good_is_named_alone(make_daemon, keeping, providers, name, answer, why):
    daemon = make_daemon(keeping())
    daemon.wait_event("worker-verified")
    providers.answer[name] = answer
    code, checks, operation = run(daemon)
    assert code == 1 and verdicts(checks, "failed") == {f"provider-key {name}"}
    assert why in evidence(checks[f"provider-key {name}"])
    assert operation["message"] == "the checklist failed: credentials"


def test_too_little_left_fails(make_daemon, keeping, providers):
    daemon = make_daemon(keeping(elevenlabs={"MinQuota": "50000"}, deepgram={"MinQuota": "12.5"},
                                 twilio={"MinQuota": "7.5"}))
    daemon.wait_event("worker-verified")
    code, checks, _ = run(daemon)
    assert code == 1
    assert verdicts(checks, "failed") == {"provider-key elevenlabs", "provider-key twilio"}
    assert "40000 are left, MinQuota= is 50000" in evidence(checks["provider-key elevenlabs"])
    assert "7.25 are left, MinQuota= is 7.50" in evidence(checks["provider-key twilio"])
    # A provider that does not tell is not taken for one that has plenty.
    providers.answer["deepgram"] = (200, {"projects": []})
    _, checks, _ = run(daemon)
    assert "does not say how much is left" in evidence(checks["provider-key deepgram"])
    assert checks["provider-key deepgram"]["verdict"] == "failed"


def test_what_nobody_can_be_asked_about_is_failed_or_skipped_by_name(
        make_daemon, keeping, secret, directory):
    signing = {"Credential signing": {"File": secret}}
    gone = {"File": directory / "gone"}
    dead = {"BaseUrl": f"http://127.0.0.1:{free_port()}"}
    only = {name: None for name in HEADERS if name not in ("openai", "google", "elevenlabs")}
    daemon = make_daemon({**keeping(openai=gone, google=dead, **only), **signing})
    daemon.wait_event("worker-verified")
    code, checks, _ = run(daemon)
    assert code == 1
    assert verdicts(checks, "failed") == {"provider-key openai", "provider-key google", "provider-key signing"}
    assert "Provider= does not say who can be asked" in evidence(checks["provider-key signing"])
    assert "No such file" in evidence(checks["provider-key openai"])
    assert "google did not say whether it is good" in evidence(checks["provider-key google"])
    reasons = {name: f"provider-key {name}: {why}" for name, why in (
        ("signing", "no provider knows it"), ("openai", "comes with the release"), ("google", "not used yet"))}
    daemon.configure({**keeping(*reasons.values(), openai=gone, google=dead, **only), **signing})
    daemon.cli("reload", check=True)
    report = directory / "report.xml"
    code, checks, _ = run(daemon, "--junit", str(report))
    assert code == 0 and "provider-key elevenlabs" in verdicts(checks, "passed")
    cases = {case.get("name"): case for case in ElementTree.parse(report).iter("testcase")}
    assert set(cases) == set(checks)
    for name, entry in reasons.items():
        row = checks[f"provider-key {name}"]
        assert row["verdict"] == "skipped" and row["evidence"] == [entry.split(": ")[1]]
        assert cases[f"provider-key {name}"].find("skipped").get("message") == row["evidence"][0]
    # With none at all, nothing says that there are none.
    daemon.configure(keeping(**{name: None for name in HEADERS}))
    daemon.cli("reload", check=True)
    code, checks, _ = run(daemon)
    assert code == 1 and verdicts(checks, "failed") == {"provider-key"}
    assert "no [Credential NAME]" in evidence(checks["provider-key"])


@pytest.fixture
def notifying(sleeper_config, directory):
    """notifying(url, *skip, name={..}): four notifiers of which each is a way of its own."""

    def build(url, *skip, **changes):
        address, key = directory / "address", directory / "key"
        address.write_text(url + "\n")
        key.write_text("routing-key-0123456789\n")
        told = script(directory / "tell", f"cat >>{directory}/told; echo noted")
        sections = {"hook": {"Url": url}, "slack": {"Type": "slack", "UrlCredential": address},
                    "pager": {"Type": "pagerduty", "Url": url, "KeyCredential": key},
                    "script": {"Type": "exec", "Command": told}}
        for name, keys in changes.items():
            sections[name] = {**sections[name], **keys}
        return asking(sleeper_config, {f"Notify {name}": keys for name, keys in sections.items()},
                      "credentials: not looked at here", *skip)

    return build


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.close()


def test_every_notifier_gets_a_test_notice(make_daemon, notifying, receiver, directory):
    daemon = make_daemon(notifying(receiver.url))
    daemon.wait_event("worker-verified")
    code, checks, _ = run(daemon)
    assert code == 0, checks
    names = {"test-notice hook", "test-notice slack", "test-notice pager", "test-notice script"}
    assert names <= verdicts(checks, "passed")
    for name in names:
        assert "it took a test notice after" in evidence(checks[name]) and checks[name]["took_usec"] > 0
    assert len(receiver.requests) == 3
    assert receiver.told(kind="test")[0]["subject"] == "hook"
    assert receiver.told(event_action="trigger")[0]["payload"]["severity"] == "info"
    assert json.loads((directory / "told").read_text())["kind"] == "test"
    assert "exit code 0" in evidence(checks["test-notice script"])


def test_the_notifier_that_takes_nothing_is_named_alone(make_daemon, notifying, receiver, directory):
    daemon = make_daemon(notifying(receiver.url, hook={"Url": f"http://127.0.0.1:{free_port()}/hook"},
                                   script={"Command": "/bin/false"}))
    daemon.wait_event("worker-verified")
    code, checks, operation = run(daemon)
    assert code == 1 and verdicts(checks, "failed") == {"test-notice hook", "test-notice script"}
    assert "onnect" in evidence(checks["test-notice hook"])
    assert "exit code 1" in evidence(checks["test-notice script"])
    assert operation["message"] == "the checklist failed: monitoring"
    # A pager that shall not ring is skipped by its name.
    daemon.configure(notifying(receiver.url, "test-notice pager: it would wake somebody"))
    daemon.cli("reload", check=True)
    before = len(receiver.told(event_action="trigger"))
    code, checks, _ = run(daemon)
    assert code == 0 and checks["test-notice pager"]["evidence"] == ["it would wake somebody"]
    assert len(receiver.told(event_action="trigger")) == before
    daemon.configure(asking(lambda: daemon_sections(notifying(receiver.url)), {}, "credentials: none"))
    daemon.cli("reload", check=True)
    code, checks, _ = run(daemon)
    assert code == 1 and "no [Notify NAME]" in evidence(checks["test-notice"])


def daemon_sections(sections):
    """Without notifiers and checklist."""
    return {name: keys for name, keys in sections.items() if not name.startswith(("Notify", "Preflight"))}
