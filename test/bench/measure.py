"""What a process costs, read from /proc."""

from pathlib import Path


def _fields(path):
    """{"VmRSS": 1234} of a file of `Name: number unit` lines; other lines are left out."""
    found = {}
    for line in path.read_text().splitlines():
        name, _, value = line.partition(":")
        words = value.split()
        if words and words[0].isdigit():
            found[name] = int(words[0])
    return found


def memory(pids):
    """KiB, added up: resident (rss), of that private and not backed by a file (anonymous), and
    resident with every shared page divided by the number of its users (pss)."""
    total = {"rss": 0, "anonymous": 0, "pss": 0}
    for pid in pids:
        status = _fields(Path(f"/proc/{pid}/status"))
        total["rss"] += status["VmRSS"]
        total["anonymous"] += status["RssAnon"]
        total["pss"] += _fields(Path(f"/proc/{pid}/smaps_rollup"))["Pss"]
    return total


def wakeups(pids):
    """How often these processes' threads have gone to sleep so far (voluntary context switches):
    each is one wake-up, past or to come."""
    return sum(_fields(task / "status")["voluntary_ctxt_switches"]
               for pid in pids for task in Path(f"/proc/{pid}/task").iterdir())
