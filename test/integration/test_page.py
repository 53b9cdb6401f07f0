"""The status page, in a real Chromium."""

import http.client

import pytest
from browser import Browser
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
        daemon.wait_event("daemon-ready")
        return sites[-1]

    yield make
    for site in sites:
        for page in site.pages:
            page.close()


@pytest.fixture
def site(make_site, agent_config):
    return make_site(agent_config(Agent={"Workers": 2, "Handover": "preload"}))


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


def test_samples_are_told(make_site, sleeper_config):
    site = make_site(sleeper_config())
    status, answer = site.daemon.request("GET", "/api/v1/samples")
    assert status == 200 and answer["interval_ms"] == 5000
    assert {*answer["samples"][0]} == {"time", "callers", "probe_ms", "serving"}
    assert site.daemon.request("GET", "/api/v1/samples?limit=x")[0] == 400


def test_it_loads(make_site, sleeper_config):
    page = make_site(sleeper_config()).open()
    page.wait_text("h1", "voxkeeperd")
