"""/metrics as Prometheus reads it."""

import re
import subprocess

from daemon import TOP, UnixHttp
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def table():
    """The families that there are: name -> labels."""
    text = (TOP / "src/core/metrics/exposition_table.h").read_text()
    return dict(re.findall(r'X\(\w+, [A-Z]+, "(\w+)", "([a-z_,]*)"', text))


def family_of(sample):
    for name in (sample, re.sub(r"_(bucket|sum|count)$", "", sample)):
        if name in table():
            return name
    raise AssertionError(f"{sample} is of no family")


class Scrape:
    """One answer: its text, and every sample by its name and labels."""

    def __init__(self, content_type, text):
        self.content_type = content_type
        self.text = text
        parse = parse_openmetrics if "openmetrics" in content_type else parse_text
        self.samples = {}
        for family in parse(text):
            for sample in family.samples:
                key = (sample.name, frozenset(sample.labels.items()))
                assert key not in self.samples, f"{key} is there twice"
                self.samples[key] = sample.value

    def __call__(self, name, **labels):
        """The value of one series; AssertionError if there is none."""
        key = (name, frozenset(labels.items()))
        assert key in self.samples, f"no {name} with {labels}"
        return self.samples[key]

    def of(self, name):
        """The series of that name: labels -> value."""
        return {labels: value for (other, labels), value in self.samples.items() if other == name}

    def moved_since(self, before):
        """Families of which a sample is another one than before. NaN is no number and stays."""
        def same(a, b):
            return a == b or (a != a and b != b)
        keys = set(self.samples) | set(before.samples)
        return {family_of(key[0]) for key in keys
                if not same(self.samples.get(key), before.samples.get(key))}


def scrape(daemon, accept="text/plain"):
    connection = UnixHttp(daemon.socket, 10.0)
    try:
        connection.request("GET", "/metrics", headers={"Accept": accept})
        answer = connection.getresponse()
        assert answer.status == 200
        return Scrape(answer.getheader("Content-Type"), answer.read().decode())
    finally:
        connection.close()


def promtool_check(text):
    """What `promtool check metrics` complains about."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                          text=True, check=False)
    return done.stdout + done.stderr if done.returncode or done.stdout or done.stderr else ""
