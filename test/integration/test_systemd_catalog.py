"""`journalctl -x` explains every event, with what it carries put into the words."""

import importlib.util
import re

import pytest
from daemon import TOP

pytestmark = pytest.mark.systemd

SPEC = importlib.util.spec_from_file_location("events", TOP / "test/docs/events.py")
events = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(events)

DIRECTORY = "/run/every-event"


def value_of(field):
    return f"<{field.lower()}>"


def record(name, message_id, fields):
    """As voxkeeperd would write it. `journalctl -u` shows what root says of a unit."""
    lines = [f"MESSAGE=event {name}", f"MESSAGE_ID={message_id}", f"VOXKEEPER_EVENT={name}",
             "OBJECT_SYSTEMD_UNIT=voxkeeper.service", "PRIORITY=6",
             *(f"{field}={value_of(field)}" for field in fields if field != "OBJECT_PID")]
    return "\n".join(lines) + "\n"


def explanations(page):
    """Event -> the lines that journalctl put below it."""
    found = {}
    for line in page.splitlines():
        if match := re.search(r": event ([a-z-]+)$", line):
            current = found.setdefault(match[1], [])
        elif line.startswith(("--", "░░")):
            current.append(line[2:].strip())
    return found


@pytest.fixture(scope="module")
def explained(service_box):
    """What `journalctl -x -u voxkeeper` shows below a record of each event."""
    fields = {row[0].strip("`"): events.fields_of(row[3]) for row in events.read_table(TOP, "Events")}
    service_box.run("journalctl", "--update-catalog")
    for _, name, message_id, _, _ in events.read_events(TOP):
        service_box.write(f"{DIRECTORY}/{name}", record(name, message_id, fields.get(name, ())))
    service_box.run(f"for file in {DIRECTORY}/*; do logger --journald=$file; done; journalctl --sync")
    return explanations(service_box.run("journalctl", "-x", "-u", "voxkeeper").stdout)


@pytest.mark.parametrize("name, message_id, anchor",
                         [(row[1], row[2], row[4]) for row in events.read_events(TOP)])
def test_it_is_explained(explained, name, message_id, anchor):
    headers, body = events.read_catalog(TOP)[message_id]
    wanted = [f"Subject: {headers['Subject']}", f"Documentation: {events.RUNBOOK}{anchor}",
              *body.splitlines()]
    wanted = [re.sub(r"@([A-Z_]+)@", lambda match: value_of(match[1]), line).strip() for line in wanted]
    missing = [line for line in wanted if line not in explained.get(name, [])]
    assert not missing, "\n".join([f"{name} is not explained:", *explained.get(name, [])])
