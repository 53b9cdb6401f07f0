"""The dashboard of examples/grafana: every query of it, asked of a real Prometheus that watches a
daemon through a busy quarter of a minute."""

import json
import math
import os
import re
import signal
import time

import pytest
import yaml
from agent import ask_half, request
from daemon import TOP
from ports import free_port
from prometheus import Prometheus
from provider import Provider
from receiver import Receiver
from waiting import wait_for

pytestmark = pytest.mark.timeout(180)

GRAFANA = TOP / "examples/grafana"
DASHBOARD = json.loads((GRAFANA / "voxkeeper.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
ANNOTATIONS = [note for note in DASHBOARD["annotations"]["list"] if not note.get("builtIn")]
# Panels that show nothing here, and why that is right.
RIGHTLY_EMPTY = {
    "Age of credentials C": "this provider does not tell until when its keys are good",
    "Memory of the unit A": "the daemon has no cgroup with a memory controller, outside of systemd",
    "Memory of the unit B": "and no MemoryMax=",
}
OLD = "2020-01-01T00:00:00Z"
KEY = "sk-of-a-test"


def queries():
    """name -> (expression, whether it is asked for one moment)"""
    for panel in PANELS:
        for target in panel["targets"]:
            yield f'{panel["title"]} {target["refId"]}', target["expr"], target.get("instant", False)
    for note in ANNOTATIONS:
        yield f'annotation {note["name"]}', note["expr"], False


def ask(prometheus, expression, instant, begin):
    """How many series with a number answer what Grafana makes of the expression."""
    now = time.time()
    # At any speed of this machine, what happened is within the span of some rate.
    for name, value in {"$__rate_interval": "20s", "$__range_s": "60", "$__range": "60s",
                        "$instance": ".+"}.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    if instant:
        data = prometheus.get("/api/v1/query", query=expression, time=now)
    else:
        # The last step is not before the latest scrape.
        data = prometheus.get("/api/v1/query_range", query=expression, start=begin, end=now + 0.5,
                              step="0.5")
    assert data["status"] == "success" and not data.get("warnings"), data
    return sum(any(not math.isnan(float(value)) for _, value in series.get("values", [])
                   or [series["value"]]) for series in data["data"]["result"])


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def provider():
    provider = Provider(KEY)
    yield provider
    provider.close()


@pytest.fixture
def daemon(make_daemon, agent_config, receiver, provider, redis, directory):
    secret = directory / "secret"
    secret.write_text(f"{KEY}\n")
    secret.chmod(0o600)
    for i in range(3):
        redis.command("SET", f"cursor_task:{i}", json.dumps({"pending": True, "createdAt": OLD}))
        redis.command("SET", f"elevenlabs:session:{i}", json.dumps({"createdAt": OLD}), "EX", 3000)
    daemon = make_daemon(agent_config(
        Agent={"Workers": "2", "Handover": "preload"}, Rollout={"Bake": "300ms", "KeepWarm": "0"},
        Sweep={"Interval": "infinity", "MaxDelete": "infinity"}, Incidents={"Patience": "0.01"},
        Admin={"Listen": f"127.0.0.1:{free_port()}"},
        **{"Notify hook": {"Url": receiver.url},
           "Credential speech": {"File": secret, "Environment": "SPEECH", "RotateAfter": "90d",
                                 "Provider": "elevenlabs", "BaseUrl": provider.url}}))
    daemon.wait_event("worker-verified", count=2)
    return daemon


@pytest.fixture
def prometheus(directory, daemon):
    (listen,) = re.findall(r"^Listen=(127.*)$", daemon.config.read_text().split("[Admin]")[1], re.M)
    server = Prometheus(directory / "prometheus", listen)
    yield server
    server.close()


def seen(prometheus, expression):
    return wait_for(lambda: prometheus.query(expression), 30, expression)


def a_busy_while(daemon, prometheus, port, redis):
    """What each panel is there to show. Prometheus sees one after the other."""
    seen(prometheus, "voxkeeper_ready == 1")
    with ask_half(port):
        request(port, "GET", "/health")
        seen(prometheus, 'voxkeeper_callers{kind="connections"} > 0')
    daemon.cli("restart", check=True)
    seen(prometheus, 'voxkeeper_rollouts_total{outcome="done"} == 1')
    seen(prometheus, "voxkeeper_handover_duration_seconds_count >= 1")
    # Those from before are gone as well.
    seen(prometheus, "sum(voxkeeper_workers) == 2")
    os.kill(daemon.workers()[0], signal.SIGKILL)
    seen(prometheus, 'voxkeeper_worker_exits_total{cause="crash"} == 1')
    seen(prometheus, "voxkeeper_serving_workers == 2")
    daemon.cli("sweep", check=True)
    seen(prometheus, 'voxkeeper_sweeps_total{outcome="done"} == 1')
    # An incident, and a notice of it.
    redis.stop()
    seen(prometheus, 'voxkeeper_open_incidents{condition="redis-unreachable"} > 0')
    seen(prometheus, "voxkeeper_alerts_sent_total > 0")
    redis.start()
    seen(prometheus, "voxkeeper_redis_up == 1")
    daemon.cli("upgrade", check=True)
    seen(prometheus, "voxkeeper_resumes_total == 1")
    # And one that is open until somebody cures it, for what is shown of this moment only.
    daemon.config.write_text(daemon.config.read_text() + "Lisen=1\n")
    assert daemon.cli("reload").returncode == 1
    seen(prometheus, 'voxkeeper_open_incidents{condition="configuration-refused"} > 0')


def test_every_query_has_an_answer(daemon, prometheus, port, redis):
    begin = time.time()
    a_busy_while(daemon, prometheus, port, redis)
    empty = {name for name, expression, instant in queries()
             if ask(prometheus, expression, instant, begin) == 0}
    assert empty <= set(RIGHTLY_EMPTY)


def test_it_is_as_grafana_wants_it():
    assert DASHBOARD["id"] is None and DASHBOARD["uid"] == "voxkeeper"
    assert DASHBOARD["schemaVersion"] >= 36
    source = {"type": "prometheus", "uid": "${datasource}"}
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert re.fullmatch(r"label_values\(voxkeeper_build_info, instance\)", variables["instance"]["definition"])
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    titles = [panel["title"] for panel in PANELS]
    assert len(titles) == len(set(titles))
    for panel in PANELS:
        assert panel["datasource"] == source and panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert [target["refId"] for target in panel["targets"]] == [
            chr(65 + i) for i in range(len(panel["targets"]))]
        assert all(target["datasource"] == source for target in panel["targets"])
    assert all(note["datasource"] == source for note in ANNOTATIONS)
    for name, expression, _ in queries():
        assert 'instance=~"$instance"' in expression, name
        assert not re.search(r"\[\d+[ms]\]", expression) or name.startswith("annotation"), name


def test_no_panel_lies_over_another():
    taken = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells


def test_what_provisions_it_names_what_there_is():
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/voxkeeper.yml").read_text())["providers"]
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())["datasources"]
    readme = (GRAFANA / "README.md").read_text()
    assert f'{provider["options"]["path"]}/voxkeeper.json' in readme
    scrape = yaml.safe_load((TOP / "examples/prometheus/prometheus.yml").read_text())["global"]
    assert source["jsonData"]["timeInterval"] == scrape["scrape_interval"]
