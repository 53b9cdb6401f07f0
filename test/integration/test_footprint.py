"""The benchmark runs and says something sane, and we keep to our memory. How fast we are on a machine
that does other things as well is for docs/bench.md."""

import json
import os
import subprocess

from daemon import BUILD, TOP


def run_footprint(result, *options):
    done = subprocess.run([TOP / "test/bench/footprint", "--json", result, *options],
                          env=os.environ | {"VOXKEEPER_BUILD": str(BUILD)},
                          capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(result.read_text())


def test_every_supervisor_is_measured(directory):
    table, result = run_footprint(directory / "result", "--kills", "2", "--workers", "2")
    idle = {(row["supervisor"], row["probes"]): row for row in result["idle"]}
    assert set(idle) == {("voxkeeperd", "none due"), ("voxkeeperd", "default"),
                         ("supervisord", ""), ("s6", "")}
    for (name, _), row in idle.items():
        assert name in table
        assert row["workers"] == 2
        assert 0 < row["anonymous_kib"] < row["rss_kib"]
        assert 0 < row["pss_kib"]
        assert 0 <= row["wakeups_per_second"]
        if name == "voxkeeperd":
            assert row["rss_kib"] <= result["goals"]["rss_kib"]
    # s6 has one process a worker and one above them.
    assert idle["s6", ""]["processes"] == 3

    respawn = {row["supervisor"]: row for row in result["respawn"]}
    assert set(respawn) == {"voxkeeperd", "supervisord", "s6"}
    for row in respawn.values():
        assert row["kills"] == 2
        assert 0 < row["min_ms"] <= row["median_ms"] <= row["max_ms"]
    ours = respawn["voxkeeperd"]
    assert ours["delayed"] == 0
    assert 0 < ours["events"]["median_ms"]
    assert table.count("goal: ") == 3


def test_nonsense_is_refused(directory):
    done = subprocess.run([TOP / "test/bench/footprint", "--kills", "0"],
                          env=os.environ | {"VOXKEEPER_BUILD": str(BUILD)},
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "at least 1" in done.stderr
