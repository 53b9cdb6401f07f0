"""The benchmark of sweeps runs and says something sane, and a sweep's memory stays small. How quick
it is beside others is for docs/bench.md."""

import json
import os
import struct
import subprocess
import sys

from daemon import BUILD, TOP

sys.path.append(str(TOP / "test/bench"))
from turns import FORMAT, LIBRARY, LONG, STEP, STEPS, Turns  # noqa: E402

TINY = ("--foreign", "3000", "--sessions", "600", "--tasks", "400", "--stale", "200", "--rounds", "1",
        "--idle", "1", "--busy", "1", "--shell-keys", "5", "--sync-keys", "50")


def run(*options):
    return subprocess.run([TOP / "test/bench/sweep", *options],
                          env=os.environ | {"VOXKEEPER_BUILD": str(BUILD)},
                          capture_output=True, text=True, timeout=110)


def test_a_tiny_one(directory):
    result = directory / "result"
    done = run("--json", result, *TINY)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(result.read_text())["rows"]
    assert rows["sweep, unpaced"]["removed"] == rows["sweep, default pacing"]["removed"] == 200
    assert rows["dry run"]["seen"] >= 1000 and rows["dry run"]["removed"] == 0
    for name, row in rows.items():
        assert name in done.stdout and row["wall"] > 0
        if "turn_cpu" in row:
            assert 0 < row["turn_cpu"] <= row["turn_wall"] + 1000
        if name != "shell loop (scaled)" and LIBRARY.exists():
            assert 0 <= row["wait_p50"] <= row["wait_p99"] < 20000
        if "growth_kib" in row:
            assert row["growth_kib"] <= 8192
    assert done.stdout.count("goal: ") == 15


def test_nonsense_is_refused():
    done = run("--tasks", "1", "--stale", "2")
    assert done.returncode == 2 and "no more stale tasks than tasks" in done.stderr


def test_waits_are_what_is_left_of_the_turns(directory):
    # A hundred turns of a millisecond, and more short ones, in a second: who comes at any moment
    # meets one of the long ones once in ten times, and waits for 0.9 ms once in a hundred.
    turns = Turns(directory / "turns")
    assert turns.waits(1) == {} and turns.longest() == {}
    by_cpu = [0] * STEPS
    by_cpu[1000 // STEP], by_cpu[0] = 100, 5000
    turns.path.write_bytes(struct.pack(FORMAT, 5100, 1000, 1200, *by_cpu))
    assert turns.longest() == {"turns": 5100, "turns_long": 0, "turn_cpu": 1000, "turn_wall": 1200}
    waits = turns.waits(1)
    assert waits["wait_p50"] == 0 and 890 <= waits["wait_p99"] <= 910
    assert turns.waits(0.05)["wait_p50"] > 700
    by_cpu[LONG // STEP - 1], by_cpu[LONG // STEP], by_cpu[-1] = 1, 2, 3
    turns.path.write_bytes(struct.pack(FORMAT, 5106, 30000, 30001, *by_cpu))
    assert turns.longest()["turns_long"] == 5
    turns.forget()
    assert turns.waits(1) == {"wait_p50": 0, "wait_p99": 0}
