"""The real Prometheus and Alertmanager, with copies of the configurations in examples/ made quick."""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import yaml
from daemon import TOP
from ports import listening_port
from processes import TIED, stop
from waiting import wait_for

PROMETHEUS = TOP / "examples/prometheus"
ALERTMANAGER = TOP / "examples/alertmanager"


class Server:
    """A program that answers HTTP on a loopback port that the kernel has chosen."""

    def __init__(self, directory, *argv):
        self.log = Path(directory) / f"{Path(argv[0]).name}.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*TIED, *argv, "--web.listen-address=127.0.0.1:0"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.port = wait_for(self._port, 60, f"{argv[0]} to listen")
        self.url = f"http://127.0.0.1:{self.port}"
        wait_for(self._ready, 60, f"{argv[0]} to be ready")

    def _port(self):
        assert self.process.poll() is None, self.log.read_text()
        return listening_port(self.process.pid)

    def _ready(self):
        try:
            return urllib.request.urlopen(f"{self.url}/-/ready", timeout=10).status == 200
        except OSError:
            return False

    def get(self, path, **parameters):
        """What it says as JSON; AssertionError with its words if that is an error."""
        return self._ask(f"{self.url}{path}?{urllib.parse.urlencode(parameters)}")

    def post(self, path, body):
        return self._ask(urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}))

    @staticmethod
    def _ask(request):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{error.url}: {error.read().decode()}") from error
        return json.loads(text) if text else None

    def close(self):
        stop(self.process)


def replace(tree, key, value):
    """Sets every member of that name; returns how many there were."""
    if isinstance(tree, list):
        return sum(replace(item, key, value) for item in tree)
    if not isinstance(tree, dict):
        return 0
    found = sum(replace(item, key, value) for item in tree.values())
    if key in tree:
        tree[key] = value
        found += 1
    return found


def write_quick(source, target, changes):
    """A copy in which these members have other values; each must be there."""
    tree = yaml.safe_load(source.read_text())
    for key, value in changes.items():
        assert replace(tree, key, value) > 0, f"{source}: no {key}"
    target.write_text(yaml.safe_dump(tree))


class Alertmanager(Server):
    """Routes, groups and inhibits as the example does, within a second, and tells `hook` (a URL) by
    the name of the receiver, but those in `urls` there."""

    def __init__(self, directory, hook, urls=None):
        directory.mkdir()
        config = directory / "alertmanager.yml"
        names = [receiver["name"] for receiver in
                 yaml.safe_load((ALERTMANAGER / config.name).read_text())["receivers"]]
        receivers = [{"name": name, "webhook_configs": [{"url": (urls or {}).get(name, f"{hook}/{name}")}]}
                     for name in names]
        write_quick(ALERTMANAGER / config.name, config, {
            "group_wait": "100ms", "group_interval": "500ms", "receivers": receivers})
        super().__init__(directory, "prometheus-alertmanager", f"--config.file={config}",
                         f"--storage.path={directory}/data", "--cluster.listen-address=")


class Prometheus(Server):
    """Scrapes voxkeeperd at `target`, several times a second, with the rules of the example. What
    these wait for (`for:`), they wait for a moment only."""

    def __init__(self, directory, target, alertmanager=None):
        directory.mkdir()
        config = directory / "prometheus.yml"
        write_quick(PROMETHEUS / config.name, config, {
            "scrape_interval": "250ms", "evaluation_interval": "250ms",
            "targets": []})
        tree = yaml.safe_load(config.read_text())
        peer = [f"127.0.0.1:{alertmanager.port}"] if alertmanager else []
        tree["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = peer
        for job in tree["scrape_configs"]:
            job["static_configs"][0]["targets"] = {"voxkeeper": [target], "alertmanager": peer}[
                job["job_name"]]
        config.write_text(yaml.safe_dump(tree))
        write_quick(PROMETHEUS / "voxkeeper.rules.yml", directory / "voxkeeper.rules.yml",
                    {"for": "500ms"})
        super().__init__(directory, "prometheus", f"--config.file={config}",
                         f"--storage.tsdb.path={directory}/data",
                         # What fires before it knows of Alertmanager is told a second later.
                         "--rules.alert.resend-delay=1s")

    def query(self, expression):
        """[(labels, value)] now."""
        data = self.get("/api/v1/query", query=expression)["data"]
        if data["resultType"] == "scalar":
            return [({}, float(data["result"][1]))]
        return [(series["metric"], float(series["value"][1])) for series in data["result"]]

    def alerts(self, state="firing"):
        """Names of those that are in that state."""
        return {alert["labels"]["alertname"] for alert in self.get("/api/v1/alerts")["data"]["alerts"]
                if alert["state"] == state}
