"""The status page, in a real Chromium."""

import getpass
import html
import http.client
import json
import os
import re
import signal
import socket

import pytest
from agent import fault
from browser import Browser
from daemon import TOP
from ports import free_port

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("chromium") / "stderr")
    yield browser
    browser.close()


class Site:
    """A daemon with a TCP listener, and pages of it."""

    def __init__(self, browser, daemon, port):
        self.browser, self.daemon, self.port = browser, daemon, port
        self.url = f"http://127.0.0.1:{port}/"
        self.pages = []

    def open(self, **look):
        page = self.browser.open(self.url, **look)
        self.pages.append(page)
        return page

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path)
        response = connection.getresponse()
        return response, response.read().decode()


@pytest.fixture
def make_site(browser, make_daemon):
    sites = []

    def make(config):
        port = free_port()
        config = {**config, "Admin": {**config.get("Admin", {}), "Listen": f"127.0.0.1:{port}"}}
        daemon = make_daemon(config)
        sites.append(Site(browser, daemon, port))
        daemon.wait_event("daemon-ready", deadline=60)
        return sites[-1]

    yield make
    for site in sites:
        for page in site.pages:
            page.close()


@pytest.fixture
def site(make_site, agent_config):
    site = make_site(agent_config(Agent={"Workers": 2, "Handover": "preload"}))
    site.daemon.wait_event("worker-verified", count=2)  # what ends before is another failure
    return site


def test_it_is_one_file_that_may_do_nothing_but_ask(make_site, sleeper_config):
    site = make_site(sleeper_config())
    response, text = site.get("/")
    policy = response.headers["Content-Security-Policy"]
    assert response.status == 200 and response.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "*" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "src=" not in text and "@import" not in text and " onclick" not in text


ANCHORS = re.compile(r'"([a-z0-9-]+)"\)')


def test_the_runbook_has_every_section_that_events_lead_to(make_site, sleeper_config):
    site = make_site(sleeper_config())
    response, text = site.get("/runbook")
    anchors = ANCHORS.findall((TOP / "include/voxkeeper/events.h").read_text())
    assert len(anchors) > 50
    assert [each for each in anchors if f'<h2 id="{each}">' not in text] == []
    assert "script-src" not in response.headers["Content-Security-Policy"]
    # Commands are there as they are to be pasted.
    markdown = (TOP / "docs/runbook.md").read_text()
    blocks = re.findall(r"^```\w*\n(.*?)\n```$", markdown, re.MULTILINE | re.DOTALL)
    shown = re.findall(r"<pre[^>]*>(.*?)</pre>", text, re.DOTALL)
    assert len(blocks) > 20 and [html.unescape(each) for each in shown] == blocks
    assert "](" not in text and "**" not in text


def test_an_event_leads_to_its_section(site):
    page = live(site.open())
    found = ("[...document.querySelectorAll('#events-list a.runbook')].find("
             "(a) => a.closest('li').dataset.event === 'daemon-ready')")
    page.wait(found)
    link = page.evaluate(f"{found}.href")
    assert link == site.url + "runbook#voxkeeper-itself"
    for width in 360, 1440:
        book = site.browser.open(link, width=width, height=800)
        assert book.evaluate("document.querySelector(':target').innerText") == "voxkeeper itself"
        assert book.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert book.ask("axe") == [] and book.complaints() == []
        book.close()


def test_samples_are_told(make_site, sleeper_config):
    site = make_site(sleeper_config())
    status, answer = site.daemon.request("GET", "/api/v1/samples")
    assert status == 200 and answer["interval_ms"] == 5000
    assert {*answer["samples"][0]} == {"time", "callers", "probe_ms", "serving"}
    assert site.daemon.request("GET", "/api/v1/samples?limit=x")[0] == 400


def live(page):
    page.wait("document.body.dataset.contact === 'live' && "
              "document.querySelectorAll('#events-list li').length > 0")
    return page


def test_it_tells_whether_callers_are_answered(site):
    page = live(site.open())
    page.wait_text("#verdict-text", "Answering")
    assert page.text("#agent-name") == "elevenlabs-agent"
    assert page.evaluate("document.title").startswith("✓ Answering")
    page.wait("document.querySelectorAll('#workers tbody').length === 2")
    page.wait("document.querySelectorAll('#timeline .life').length === 2")
    page.wait("document.querySelector('#timeline .curve.callers path') !== null")
    assert page.text("#redis").count("up") == 1
    assert not page.evaluate("['incidents', 'drain', 'rollout', 'advice'].some((id) => "
                             "!document.getElementById(id).hidden)")
    assert page.complaints() == []


def test_a_death_is_shown_without_asking(site):
    page = live(site.open())
    page.evaluate("window.sameDocument = true")
    victim = site.daemon.workers()[1]
    os.kill(victim, signal.SIGKILL)
    page.wait_text("#events-list", "signal 9 (SIGKILL) (crash)")
    page.wait("document.querySelector('#timeline .crashed') !== null")
    page.wait(f"!document.querySelector('#workers').innerText.includes({victim})")
    page.wait("[...document.querySelectorAll('#workers [data-name=Restarts]')]"
              ".some((cell) => cell.innerText.includes('1'))")
    assert page.evaluate("window.sameDocument") and page.complaints() == []


def test_nobody_serves(make_site, sleeper_config):
    config = sleeper_config()
    config["Restart"] = {"Delay": "10min", "MaxDelay": "10min"}
    site = make_site(config)
    page = live(site.open())
    os.kill(site.daemon.workers()[0], signal.SIGKILL)
    site.daemon.wait_event("worker-verified", count=2)  # the first restart comes at once
    os.kill(site.daemon.workers()[0], signal.SIGKILL)
    page.wait_text("#verdict-text", "Not answering")
    page.wait_text("#advice", "voxkeeper logs --lines=50")
    assert page.evaluate("document.title").startswith("✕ Not answering")
    page.wait("document.querySelector('#verdict-live').getAttribute('aria-live') === 'polite'")
    page.wait_text("#workers", "next try in")


def test_open_incidents(make_site, sleeper_config):
    config = sleeper_config()
    config["Redis"] = {"Url": f"redis://127.0.0.1:{free_port()}"}
    site = make_site(config)
    page = live(site.open())
    site.daemon.wait_event("incident-opened", deadline=40)
    page.wait_text("#incidents", "P2")
    page.wait_text("#incidents", "Redis cannot be reached")
    page.wait_text("#incidents .findings", "redis-refused")
    page.wait_text("#facts", "?: Redis is down since 20")
    page.wait("document.querySelector('#incidents a').getAttribute('href') === '/runbook#redis-is-down'")
    page.wait_text("#verdict-text", "Answering, but degraded")
    assert page.ask("axe") == [] and page.complaints() == []


def test_an_incident_of_a_moment_is_shown_and_no_finding_twice(make_site, agent_config, redis, port):
    site = make_site(agent_config({"FAULT_ROUTES": "1"}, Health={
        "Interval": "200ms", "FastInterval": "100ms", "Timeout": "300ms", "Fall": "3"}))
    page = live(site.open())
    fault(port, "hang")
    hung = site.daemon.wait_event("incident-opened", deadline=40, condition="worker-hangs")
    site.daemon.wait_event("incident-examined", deadline=40, incident=hung["incident"])
    page.wait_text("#incidents", "a worker hung")
    page.wait_text("#incidents", "ends by itself at")
    redis.stop()
    away = site.daemon.wait_event("incident-opened", deadline=40, condition="redis-unreachable")
    site.daemon.wait_event("incident-examined", deadline=90, incident=away["incident"])
    page.wait_text("#incidents .findings", "redis-refused")
    page.wait_text("#incidents", "told above")
    shown = page.text("#incidents")
    assert shown.index("Redis cannot be reached") < shown.index("a worker hung"), "the worst first"
    assert shown.index("redis-refused") < shown.index("agent-no-api-key"), "what it is about first"
    assert shown.count("agent-no-api-key") == 1
    assert page.ask("axe") == [] and page.complaints() == []


def test_it_goes_on_after_an_upgrade(site):
    page = live(site.open())
    page.evaluate("window.sameDocument = true")
    site.daemon.cli("upgrade", check=True)
    page.wait("document.querySelector('#events-list [data-event=upgrade-done]') !== null")
    page.wait("document.body.dataset.contact === 'live'")
    os.kill(site.daemon.workers()[0], signal.SIGKILL)
    page.wait_text("#events-list", "signal 9 (SIGKILL) (crash)")
    page.wait_text("#verdict-text", "Answering")
    assert page.evaluate("window.sameDocument")


def test_a_silent_daemon_is_lost_contact(make_site, sleeper_config):
    site = make_site(sleeper_config())
    page = live(site.open())
    site.daemon.process.kill()
    page.wait_text("#verdict-text", "Lost contact")
    assert "workers outlive voxkeeperd" in page.text("#verdict-why")
    assert page.text("#contact") == "lost contact"


def test_it_asks_when_there_is_no_place_on_the_stream(make_site, sleeper_config):
    site = make_site(sleeper_config())
    readers = []
    while not readers or readers[-1][1].status == 200:
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
        connection.request("GET", "/api/v1/stream")
        readers.append((connection, connection.getresponse()))
    assert readers[-1][1].status == 503 and len(readers) < 100
    page = site.open()
    page.wait_text("#verdict-text", "Answering")
    os.kill(site.daemon.workers()[0], signal.SIGKILL)
    page.wait_text("#events-list", "SIGKILL")
    for connection, _ in readers:
        connection.close()
    live(page)


def test_a_rollout_and_a_drain(make_site, agent_config, port):
    site = make_site(agent_config(Agent={"Workers": 1, "Handover": "preload"},
                                  Rollout={"Bake": "1h", "KeepWarm": "0"},
                                  Drain={"Linger": "0", "Timeout": "1h"}))
    page = live(site.open())
    status, answer = site.daemon.request("POST", "/api/v1/restart", {"reason": "new <b>prompts</b>"})
    assert status == 202, answer
    page.wait("document.querySelector('#rollout [aria-current=step]')?.innerText.includes('Bake')")
    page.wait_text("#rollout", "new <b>prompts</b>")
    page.wait_text("#rollout", "59:")
    site.daemon.cli("rollout", "cancel", check=False)
    page.wait("document.querySelector('#rollout').hidden")
    with socket.create_connection(("127.0.0.1", port)) as caller:
        caller.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Le")
        assert site.daemon.request("POST", "/api/v1/drain", {})[0] == 202
        page.wait_text("#drain", "1 caller")
        page.wait_text("#drain", "59:")
        page.wait_text("#verdict-text", "Draining")
        assert site.daemon.request("POST", "/api/v1/resume", {})[0] == 202
        page.wait("document.querySelector('#drain').hidden")
    assert page.complaints() == []


def test_a_held_rollout_leads_to_what_the_worker_wrote(make_site, agent_config):
    """Callers may be quoted in it, and who reads the page is not known."""
    held = {"Agent": {"Handover": "preload"}, "Rollout": {"OnFailure": "hold"}}
    site = make_site(agent_config(**held))
    page = live(site.open(width=360, height=800))
    site.daemon.configure(agent_config({"FAULT_EXIT_CODE": "7"}, **held,
                                       Admin={"Listen": f"127.0.0.1:{site.port}"}))
    assert site.daemon.request("POST", "/api/v1/reload", {})[0] == 202
    site.daemon.wait_event("rollout-held", deadline=30)
    page.wait_text("#rollout", "held: it failed, and waits for somebody to decide")
    page.wait_text("#rollout", "it ended with exit code 7")
    assert "its last lines: voxkeeper rollout" in page.text("#rollout")
    assert "elevenlabs-agent" in site.daemon.cli("rollout", check=True).stdout
    assert "info:" not in page.text("#rollout") and not overflowing(page)
    assert page.ask("axe") == [] and page.complaints() == []


HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\\x1b[31m&amp;\"'`${alert(3)}"


def test_what_workers_write_stays_text(make_site, sleeper_config, directory):
    script = directory / "worker"
    script.write_text(f"#!/bin/sh\ncat <<'END'\n{HOSTILE}\nEND\nexec sleep 600\n")
    script.chmod(0o755)
    site = make_site(sleeper_config(ExecStart=script))
    page = live(site.open())
    site.daemon.wait_line(message=HOSTILE)
    os.kill(site.daemon.workers()[0], signal.SIGKILL)
    page.wait_text("#events-list", "SIGKILL")
    page.evaluate("document.querySelectorAll('#events-list details').forEach((d) => (d.open = true))")
    page.wait_text("#events-list", "not shown here, callers may be quoted in it")
    assert "<img" not in page.text("#events-list"), "who reads a page by TCP may change nothing"
    hostile = {"reason": HOSTILE}
    assert site.daemon.request("POST", "/api/v1/restart", hostile)[0] == 202
    page.wait_text("#events-list", f"asked for by {getpass.getuser()}: <img")
    assert page.evaluate("document.querySelectorAll('main img, main script').length") == 0
    assert page.complaints() == []


def test_filters(site):
    page = live(site.open())
    os.kill(site.daemon.workers()[0], signal.SIGKILL)
    page.wait_text("#events-list", "SIGKILL")
    page.ask("choose", selector="#filter-level", value="err")
    page.wait("[...document.querySelectorAll('#events-list .badge')].every((b) => b.innerText.includes('error'))")
    assert "pass the filters" in page.text("#events-count")
    page.ask("choose", selector="#filter-level", value="debug")
    page.ask("choose", selector="#filter-worker", value="2")
    page.wait("!document.querySelector('#events-list').innerText.includes('worker 1')")
    page.ask("type", selector="#filter-text", text="VERIFIED after")
    page.wait("document.querySelectorAll('#events-list li').length === 1")
    page.ask("type", selector="#filter-text", text="nothing says this")
    page.wait("document.querySelectorAll('#events-list li').length === 0")


def overflowing(page):
    return page.evaluate(
        "document.documentElement.scrollWidth > innerWidth || [...document.querySelectorAll("
        "'h1, .facts dd, .badge, .message, #workers td')].some((e) => e.offsetParent && "
        "e.getBoundingClientRect().right > innerWidth + 1)")


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_is_readable(site, width, scheme):
    page = live(site.open(width=width, height=800, scheme=scheme))
    os.kill(site.daemon.workers()[0], signal.SIGKILL)
    page.wait_text("#events-list", "SIGKILL")
    assert not overflowing(page)
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)") >= 24
    assert page.evaluate(
        "[...document.querySelectorAll('main *')].filter((e) => e.offsetParent && "
        "e.childElementCount === 0 && e.innerText).map((e) => parseFloat(getComputedStyle(e)"
        ".fontSize)).reduce((a, b) => Math.min(a, b))") >= 11
    assert page.ask("axe") == []


def test_everything_is_reached_by_keyboard(site):
    page = live(site.open())
    reached = []
    for _ in range(12):
        page.ask("press", key="Tab")
        reached.append(page.evaluate(
            "document.activeElement.id || document.activeElement.name || document.activeElement.className "
            "|| document.activeElement.localName"))
    assert reached[:7] == ["skip", "range", "timeline", "filter-level", "filter-worker",
                           "filter-text", "summary"], reached
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.ask("press", key="Enter")
    page.wait("document.activeElement.parentElement.open")
    page.evaluate("document.getElementById('timeline').focus()")
    page.ask("press", key="ArrowLeft")
    page.wait("document.querySelector('#timeline .cursor') !== null")
    assert page.evaluate("document.getElementById('timeline').getAttribute('aria-valuetext')") \
        == page.text("#reading")
    page.ask("press", key="Escape")
    page.wait("document.querySelector('#timeline .cursor') === null")
