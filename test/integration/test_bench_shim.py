"""The benchmark of the listener shim runs and says something sane; the figures are docs/bench.md's."""

import json
import os
import subprocess

from daemon import BUILD, TOP


def run(*options):
    return subprocess.run([TOP / "test/bench/shim", *options], env=os.environ | {"VOXKEEPER_BUILD": str(BUILD)},
                          capture_output=True, text=True, timeout=100)


def test_every_load_is_measured(directory):
    done = run("--pairs", "1", "--blocks", "1", "--requests", "200", "--json", directory / "result")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((directory / "result").read_text())["rows"]
    assert {(row["load"], row["what"]) for row in rows} == {
        (load, what) for load in ("keep-alive", "new connections")
        for what in ("shim / plain", "plain / plain")}
    for row in rows:
        assert row["cpu"]["min"] <= row["cpu"]["median"] <= row["cpu"]["max"]
        assert row["plain_cpu_us"]["median"] > 1 and row["plain_rate"]["median"] > 10
    assert done.stdout.count(", shim / plain") == 2 and "goal: " in done.stdout


def test_nonsense_is_refused():
    done = run("--pairs", "0")
    assert done.returncode == 2 and "at least 1" in done.stderr
