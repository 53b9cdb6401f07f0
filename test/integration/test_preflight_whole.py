"""The whole checklist with real parts, nothing skipped; then each item is broken, and is the one
that is named."""

import pytest
from providers import Providers
from receiver import Receiver
from test_preflight import checklist, evidence, fits, receiver, run, script, stack, verdicts  # noqa: F401

KEY = "sk-0123456789-key-of-all"
SAYING = ["--responsible", "Ada", "--eta", "20min", "--release", "2.1", "--reason", "new prompts"]


@pytest.fixture
def providers():
    server = Providers(KEY)
    yield server
    server.close()


@pytest.fixture
def team():
    server = Receiver()
    yield server
    server.close()


@pytest.mark.timeout(180)
def test_an_item_that_is_broken_is_the_one_that_is_named(
        make_daemon, checklist, stack, port, providers, team, directory):  # noqa: F811
    secret = directory / "secret"
    secret.write_text(KEY + "\n")
    keys = stack(f"http://127.0.0.1:{port}/preflight/echo")
    sections = {"Admin": {"Listen": f"127.0.0.1:{port}"}, "Notify team": {"Url": team.url, "RateLimit": "infinity"},
                **{f"Credential {name}": {**providers.section(name, secret), "MinQuota": 5}
                   for name in ("elevenlabs", "deepgram")}}
    settings = {**keys, "Skip": None}
    daemon = make_daemon(checklist(sections, **settings))
    daemon.wait_event("worker-verified")
    code, checks, operation = run(daemon, *SAYING)
    assert code == 0, [check for check in checks.values() if check["verdict"] != "passed"]
    assert verdicts(checks, "passed") == set(checks) and operation["message"] == "the checklist passed"
    assert len(operation["result"]["items"]) == 6
    assert all(check["took_usec"] > 0 and check["evidence"] for check in checks.values())
    shown = daemon.cli("preflight", *SAYING, check=True, deadline=120)
    assert fits(shown.stdout)
    for title in ("Tests", "Provider credentials", "Scaling", "Monitoring and alerts", "Rollback plan", "Team notified"):
        assert f"\n{title}\n" in shown.stdout

    def broken(item, wrong, *options, **changes):
        """The names of what failed, when that is changed."""
        daemon.configure(checklist({**sections, **changes.pop("sections", {})}, **{**settings, **changes}))
        daemon.cli("reload", check=True)
        code, checks, operation = run(daemon, *(options or SAYING))
        assert code == 1 and verdicts(checks, "failed") == set(wrong), checks
        assert operation["message"] == f"the checklist failed: {item}"
        return "\n".join(evidence(checks[name]) for name in wrong)

    failing = script(directory / "failing", "echo 2 failed", "exit 2")
    assert "2 failed" in broken("tests", ["test-command"], TestCommand=failing)
    providers.left["deepgram"] = 4
    assert "MinQuota= is 5" in broken("credentials", ["provider-key deepgram"])
    providers.left["deepgram"] = 12
    assert "expected on" in broken("scaling", ["capacity"], ExpectedPeak="21")
    assert "NoSuchRule is not loaded" in broken("monitoring", ["rules"], Rules="NoSuchRule")
    assert "HTTP 404" in broken("monitoring", ["dashboards"], DashboardUrl=f"{keys['PrometheusUrl']}/none")
    assert "No such file" in broken("rollback", ["previous-release"], PreviousRelease="/nowhere/at/all")
    assert "nobody" not in broken("team", ["announcement"], "--eta", "20min", "--release", "2.1")
    team.answer((500, {}, "no"))
    told = broken("monitoring, team", ["test-notice team", "start-notice team"])
    assert "HTTP 500" in told and "it cannot be told now" in told
