"""The benchmark of scrapes runs and says something sane; the figures are docs/bench.md's."""

import json
import os
import subprocess

from daemon import BUILD, TOP
from processes import Family


def run(*options):
    return subprocess.run([TOP / "test/bench/scrape", *options],
                          env=os.environ | {"VOXKEEPER_BUILD": str(BUILD)},
                          capture_output=True, text=True, timeout=100)


def test_scrapes_are_measured(directory):
    family = Family()
    done = run("--workers", "2", "--connections", "3", "--scrapes", "20", "--json", directory / "result")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((directory / "result").read_text())
    assert found["series"] > 400 and found["bytes"] > 20000
    assert 0 < found["cpu_ms"] and 0 < found["median_ms"] <= found["p99_ms"]
    assert family.orphans() == []
    assert "2 workers, 3 callers for each" in done.stdout and "goal: 2 ms" in done.stdout


def test_nonsense_is_refused():
    done = run("--workers", "0")
    assert done.returncode == 2 and "at least 1" in done.stderr
