"""The sweep benchmark's result as tables for people."""

from report import table

HEAD = ["", "wall s", "CPU s", "COUNT", "probe p50", "p99 us", "wait p50", "p99 us", "block p99 us",
        "by"]


def _number(row, name, digits):
    return f"{row[name]:.{digits}f}" if name in row else "-"


def _block(row):
    """The longest p99 of a command, and which one."""
    blocks = row.get("block_p99")
    if not blocks:
        return ["-", ""]
    command = max(blocks, key=blocks.get)
    return [f"{blocks[command]:.0f}", command]


def _rows(rows):
    for name, row in rows.items():
        yield [name, _number(row, "wall", 2), _number(row, "cpu", 2), _number(row, "count", 0),
               *(_number(row, key, 0) for key in
                 ("probe_p50", "probe_p99", "wait_p50", "wait_p99")), *_block(row)]


def goals(rows):
    """[(what, found, goal, whether a smaller one is better)]"""
    idle, dry, ours = rows["idle"], rows["dry run"], rows["sweep, unpaced"]
    paced, busy = rows["sweep, default pacing"], rows["busy: sweep, default pacing"]
    floor = rows["bare SCAN + UNLINK"]
    load = rows["busy: load only"]

    def times(name):
        return rows[name]["wall"] / ours["wall"]

    blocks = [row["block_p99"].get(command, 0) for row in (dry, ours, paced)
              for command in row["block_p99"]]
    return [
        ("dry run, wall / bare SCAN", dry["wall"] / rows["bare SCAN"]["wall"], 1.25, True),
        ("dry run, wall / bare SCAN of its COUNT",
         dry["wall"] / rows["bare SCAN, COUNT of the dry run"]["wall"], 1.25, True),
        ("dry run, wall / the same commands by a bare client",
         dry["wall"] / rows["the same commands, bare"]["wall"], 1, True),
        ("sweep, wall / bare SCAN + UNLINK", ours["wall"] / floor["wall"], 1.8, True),
        ("sweep, CPU / bare SCAN + UNLINK", ours["cpu"] / floor["cpu"], 1.5, True),
        ("shell loop / sweep", times("shell loop (scaled)"), 300, False),
        ("redis-cli recipe / sweep", times("redis-cli recipe"), 8, False),
        ("synchronous client / sweep", times("synchronous client (scaled)"), 5, False),
        ("block per command, p99 us", max(blocks), 500, True),
        ("paced: probe p99 - idle, us", paced["probe_p99"] - idle["probe_p99"], 500, True),
        ("paced: probe p50 / idle", paced["probe_p50"] / idle["probe_p50"], 1.3, True),
        ("busy, paced: probe p99 / load only", busy["probe_p99"] / load["probe_p99"], 1.3, True),
        ("busy, paced: probe p99 / voxkeeperd idle",
         busy["probe_p99"] / rows["busy: voxkeeperd idle"]["probe_p99"], 1.3, True),
        ("longest turn of the loop, processor ms",
         max(row.get("turn_cpu", 0) for row in (dry, ours, paced)) / 1e3, 5, True),
        ("memory growth, MiB", max(row["growth_kib"] for row in (dry, ours, paced)) / 1024, 8,
         True),
    ]


def _goal(what, found, goal, less):
    met = found <= goal if less else found >= goal
    return (f"goal: {what} {'<=' if less else '>='} {goal:g}, found {found:.2f}: "
            f"{'met' if met else 'MISSED'}")


def _loop(rows):
    for name in ("voxkeeperd idle", "dry run", "sweep, unpaced", "sweep, default pacing"):
        row = rows[name]
        yield [name, *(_number(row, key, digits) for key, digits in
                       (("turns", 0), ("turns_long", 0), ("turn_cpu", 0), ("turn_wall", 0),
                        ("lag_p50", 0), ("lag_p99", 0), ("lag_max", 0), ("probe_gap", 1),
                        ("probe_gap_max", 1), ("growth_kib", 0)))]


def tables(result):
    rows = result["rows"]
    data = ", ".join(f"{number} {name}" for name, number in result["data"].items())
    return "\n".join([
        f"build: {result['build']}; {data}; medians of {result['rounds']}",
        table(HEAD, _rows(rows)),
        "",
        table(["voxkeeperd's loop", "turns", "of 5 ms CPU", "longest: CPU us", "wall us",
               "livez p50 us", "p99", "max", "probe gap ms", "max", "growth KiB"], _loop(rows)),
        "",
        *(_goal(*goal) for goal in goals(rows)),
    ])
