"""The benchmark's result as tables for people."""

import json
import subprocess

from daemon import BUILD

GOALS = {"rss_kib": 8192, "wakeups_per_second": 2, "respawn_ms": 2}

IDLE_HEAD = ["idle", "workers", "probes", "processes", "RSS MiB", "anonymous", "PSS",
             "wake-ups/s"]
RESPAWN_HEAD = ["kill -9 to the next main()", "kills", "median ms", "min", "max"]


def build():
    """What was measured: the directory's name is of no interest, its options are."""
    options = json.loads(subprocess.run(["meson", "introspect", "--buildoptions", BUILD],
                                        stdout=subprocess.PIPE, check=True).stdout)
    return next(option["value"] for option in options if option["name"] == "buildtype")


def table(head, rows):
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells)]
    return "\n".join("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(row, widths)))
                     for row in cells)


def _mib(kib):
    return f"{kib / 1024:.1f}"


def _idle(row):
    return [row["supervisor"], row["workers"], row["probes"] or "-", row["processes"],
            _mib(row["rss_kib"]), _mib(row["anonymous_kib"]), _mib(row["pss_kib"]),
            f"{row['wakeups_per_second']:.2f}"]


def _respawn(name, kills, took):
    return [name, kills, *(f"{took[key]:.2f}" for key in ("median_ms", "min_ms", "max_ms"))]


def _respawns(rows):
    for row in rows:
        yield _respawn(row["supervisor"], row["kills"], row)
        if "events" in row:
            yield _respawn("  of that, its events, crash to exec", row["kills"], row["events"])


def _goal(what, goal, found):
    return f"goal: {what} <= {goal:g}, found {found:g}: {'met' if found <= goal else 'MISSED'}"


def tables(result):
    """Worst cases of voxkeeperd are held against the goals."""
    ours = [row for row in result["idle"] if row["supervisor"] == "voxkeeperd"]
    quiet = [row for row in ours if row["probes"] != "default"]
    respawn = next(row for row in result["respawn"] if row["supervisor"] == "voxkeeperd")
    rss = max(row["rss_kib"] for row in ours) / 1024
    return "\n".join([
        f"voxkeeperd's build: {result['build']}; idle for {ours[0]['window_seconds']:g} s",
        table(IDLE_HEAD, map(_idle, result["idle"])),
        "",
        table(RESPAWN_HEAD, _respawns(result["respawn"])),
        f"restarts that voxkeeperd's policy delayed: {respawn['delayed']}",
        "",
        _goal("RSS, MiB", GOALS["rss_kib"] / 1024, round(rss, 1)),
        _goal("wake-ups per second without probes", GOALS["wakeups_per_second"],
              max(row["wakeups_per_second"] for row in quiet)),
        _goal("kill to the next main(), median ms", GOALS["respawn_ms"], respawn["median_ms"]),
    ])
