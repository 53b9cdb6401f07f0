"""Which events real daemons told in the suites that run them, with which fields, and of which
conditions they opened incidents.

    note(lines)                       called by what runs daemons, when they end: dicts of their lines
    note_journal(entries)             the same of a journal: nothing but what voxkeeperd itself sent
    events_seen.py RESULT FILE...     whether every event of events.h is in one of the files, with
                                      no other fields than docs/events.md has in its row, and an
                                      incident of every condition

Files are named by VOXKEEPER_EVENTS_SEEN, one for each suite; without it nothing is noted. An event
is provoked in one test or another, so only the suites together can tell that one never is.
"""

import os
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
# What a line has beside the fields of its event.
INCIDENT = "incident/"  # before the condition of one that was opened
OF_EVERY_LINE = {"ts", "level", "message", "message_id", "event", "documentation"}


def note_names(names):
    path = os.environ.get("VOXKEEPER_EVENTS_SEEN")
    text = "".join(f"{name}\n" for name in sorted(set(names)))
    if path and text:
        # One write: several processes note in one file.
        with open(path, "ab", buffering=0) as file:
            file.write(text.encode())


def names_of(event, fields, condition):
    yield " ".join([event, *sorted(fields)])
    if event == "incident-opened":
        yield INCIDENT + condition


def note(lines):
    note_names(name for line in lines if "message_id" in line and "event" in line
               for name in names_of(line["event"], set(line) - OF_EVERY_LINE, line.get("condition")))


def note_journal(entries):
    """The same of what journalctl has, with the journal's names of the fields."""
    note_names(name for entry in entries if "MESSAGE_ID" in entry and "VOXKEEPER_EVENT" in entry
               for name in names_of(entry["VOXKEEPER_EVENT"], map(in_short, filter(is_of_event, entry)),
                                    entry.get("VOXKEEPER_CONDITION")))


def is_of_event(name):
    """OBJECT_PID aside, from which journald makes more of its kind."""
    return name == "WORKER_PID" or name.startswith("VOXKEEPER_") and name != "VOXKEEPER_EVENT"


def in_short(field):
    """As stderr has it."""
    return field.removeprefix("VOXKEEPER_").lower()


def documented():
    """Event -> its fields as stderr has them, of the table in docs/events.md."""
    sys.path.insert(0, str(TOP / "test/docs"))
    import events

    return {row[0].strip("`"): {in_short(field) for field in events.fields_of(row[3])}
            for row in events.read_table(TOP, "Events")}


def every_incident():
    (path,) = (TOP / "src").rglob("condition.h")
    return re.findall(r'^    X\(\w+, "([a-z-]+)", P[1-3],', path.read_text(), re.MULTILINE)


def every_event():
    header = (TOP / "include/voxkeeper/events.h").read_text()
    return re.findall(r'^    X\(\w+, "([a-z-]+)"', header, re.MULTILINE)


def check(paths):
    """(events that were told well, what is wrong with the others)"""
    told = {}
    for path in paths:
        for line in Path(path).read_text().splitlines():
            name, *fields = line.split()
            told.setdefault(name, set()).update(fields)
    rows, good, bad = documented(), [], []
    for name in every_event():
        surplus = told.get(name, set()) - rows.get(name, set())
        if name not in told:
            bad.append(f"{name}: no daemon of {', '.join(Path(path).stem for path in paths)} told this "
                       "event; a test in test/integration must provoke it")
        elif surplus:
            bad.append(f"{name}: told with {', '.join(sorted(surplus))}, which its row in "
                       "docs/events.md does not have")
        else:
            good.append(name)
    for name in every_incident():
        if INCIDENT + name in told:
            good.append(INCIDENT + name)
        else:
            bad.append(f"{INCIDENT}{name}: no daemon opened such an incident; a test must provoke it")
    return good, bad


def main(result, *paths):
    good, bad = check(paths)
    print("\n".join([*bad, f"told by a daemon: {', '.join(good)}"]))
    Path(result).write_text(f"{len(good)} {len(bad)} 0\n")
    return 1 if bad or not good else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
