"""What test/bench/restart found, as tables for people."""

import report

GOAL_CRASH_MS = 20
RESTART_HEAD = ["a restart under load", "restarts", "calls", "failed", "of that refused",
                "worst call ms"]
CRASH_HEAD = ["kill -9 to the first answer", "kills", "median ms", "min", "max",
              "refused of 1 per ms", "callers' calls failed"]


def _restart(row):
    return [f"{row['supervisor']}: {row['how']}", row["restarts"], row["calls"],
            sum(row["failed"].values()), row["failed"].get("refused", 0),
            f"{row['worst_ms']:.0f}"]


def _crash(row):
    return [row["supervisor"], row["kills"],
            *(f"{row[key]:.1f}" for key in ("median_ms", "min_ms", "max_ms")),
            row["asking_failed"].get("refused", 0), sum(row["failed"].values())]


def _verdict(what, met):
    return f"goal: {what}: {'met' if met else 'MISSED'}"


def tables(result):
    lines = [f"voxkeeperd's build: {report.build()}",
             report.table(RESTART_HEAD, map(_restart, result["restarts"])), "",
             report.table(CRASH_HEAD, map(_crash, result["crashes"])), ""]
    ours = [row for row in result["restarts"] if row["supervisor"].startswith("voxkeeper")]
    if ours:
        failed = sum(sum(row["failed"].values()) for row in ours)
        lines.append(_verdict(f"calls that failed in our restarts: 0, found {failed}", failed == 0))
    for row in result["crashes"]:
        if row["supervisor"].endswith("Standby=1"):
            lines.append(_verdict(f"kill to the first answer with a standby, median ms <= "
                                  f"{GOAL_CRASH_MS}, found {row['median_ms']:g}",
                                  row["median_ms"] <= GOAL_CRASH_MS))
    return "\n".join(lines)
