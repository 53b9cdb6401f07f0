"""The benchmark of restarts runs under every supervisor and says something sane. How they compare is
for docs/bench.md; that ours lose nobody is not."""

import json
import os
import subprocess

import pytest
from daemon import BUILD, TOP


def run(*options):
    return subprocess.run([TOP / "test/bench/restart", *options],
                          env=os.environ | {"VOXKEEPER_BUILD": str(BUILD)},
                          capture_output=True, text=True, timeout=110)


def measure(directory, *names):
    result = directory / "result"
    done = run("--json", result, "--kills", "1", "--restarts", "1", "--only", *names)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(result.read_text())
    assert len(found["crashes"]) == len(names) <= len(found["restarts"])
    for row in found["restarts"]:
        assert f"{row['supervisor']}: {row['how']}" in done.stdout
        assert row["restarts"] == 1 and row["worst_ms"] > 0
        assert row["calls"] > sum(row["failed"].values())
    for row in found["crashes"]:
        assert row["kills"] == 1
        assert 0 < row["min_ms"] <= row["median_ms"] <= row["max_ms"]
        # Who was being answered, or had a connection to the dead.
        assert sum(row["failed"].values()) > 0
    return found, done.stdout


def test_ours(directory):
    found, table = measure(directory, "voxkeeper", "standby")
    assert [row["failed"] for row in found["restarts"]] == [{}, {}]
    for row in found["crashes"]:
        assert "refused" not in row["failed"] | row["asking_failed"]
    assert table.count("goal: ") == 2


def test_pm2(directory):
    found, _ = measure(directory, "pm2", "pm2cluster")
    assert [row["how"] for row in found["restarts"]] == ["restart", "reload", "reload"]


def test_those_of_debian(directory):
    measure(directory, "supervisord", "s6", "runit")


@pytest.mark.systemd
def test_plain_systemd(directory):
    measure(directory, "systemd")


def test_nonsense_is_refused():
    done = run("--kills", "0")
    assert done.returncode == 2 and "at least 1" in done.stderr
    done = run("--only", "inittab")
    assert done.returncode == 2 and "inittab" in done.stderr
