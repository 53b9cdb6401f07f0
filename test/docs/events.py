#!/usr/bin/python3
"""Holds the event list, the catalog, docs/events.md and docs/runbook.md against each other.

Usage: events.py SOURCE_ROOT. Prints every disagreement; the exit code is 1 if there is one.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

EVERY_EVENT = {'MESSAGE_ID', 'VOXKEEPER_EVENT', 'DOCUMENTATION'}
WORKER = {'VOXKEEPER_WORKER', 'VOXKEEPER_GENERATION', 'VOXKEEPER_LIFE', 'WORKER_PID', 'OBJECT_PID',
          'VOXKEEPER_RELEASE'}
RUNBOOK = 'file:///usr/share/doc/voxkeeper/runbook.md#'


class Report:
    def __init__(self):
        self.failures = 0

    def check(self, holds, text):
        if not holds:
            self.failures += 1
            print(text)

    def same(self, what, got, expected):
        for item in sorted(expected - got):
            self.check(False, f'{what}: {item} is missing')
        for item in sorted(got - expected):
            self.check(False, f'{what}: {item} is not an event, or not what events.h says of it')


def read_events(root):
    text = (root / 'include/voxkeeper/events.h').read_text()
    rows = re.findall(r'X\((\w+), "([a-z-]+)", "([0-9a-f]{32})", ([A-Z]+), "([a-z-]+)"\)', text)
    assert len(rows) == len(re.findall(r'^    X\(', text, re.M)) > 0, 'events.h is not as expected'
    return rows


def read_catalog(root):
    """MESSAGE_ID -> (headers, body)"""
    text = (root / 'systemd/voxkeeper.catalog').read_text()
    entries = {}
    parts = re.split(r'^-- ([0-9a-f]{32})\n', text, flags=re.M)[1:]
    for message_id, entry in zip(parts[::2], parts[1::2]):
        head, _, body = entry.partition('\n\n')
        assert message_id not in entries, f'the catalog has {message_id} twice'
        entries[message_id] = (dict(line.split(': ', 1) for line in head.splitlines()), body.strip())
    return entries


def read_table(root, heading):
    text = (root / 'docs/events.md').read_text()
    section = text.split(f'\n## {heading}\n', 1)[1].split('\n## ', 1)[0]
    rows = [re.split(r'(?<!\\)\|', line)[1:-1] for line in section.splitlines() if line.startswith('| ')]
    return [[cell.strip() for cell in row] for row in rows[1:]]


def anchor_of(heading):
    """As GitHub makes them."""
    return re.sub(r'[^\w\- ]', '', heading.strip().lower()).replace(' ', '-')


def runbook_anchors(root):
    text = (root / 'docs/runbook.md').read_text()
    return {anchor_of(m) for m in re.findall(r'^#+ (.+)$', text, re.M)}, \
        set(re.findall(r'\]\(#([^)]+)\)', text))


def fields_of(cell):
    named = set(re.findall(r'`([A-Z_]+)`', cell))
    return named | (WORKER if '*worker*' in cell else set())


def check_golden(report, root, events):
    """Names and ids are an interface: they are added to, never changed."""
    golden = set((root / 'test/unit/events.golden').read_text().splitlines())
    report.same('test/unit/events.golden', golden, {f'{name} {id}' for _, name, id, _, _ in events})
    for what, column in (('name', 1), ('MESSAGE_ID', 2)):
        values = [row[column] for row in events]
        report.check(len(set(values)) == len(values), f'events.h has a {what} twice')


def check_catalog(report, root, events, fields):
    catalog = read_catalog(root)
    report.same('voxkeeper.catalog', set(catalog), {row[2] for row in events})
    for _, name, message_id, level, anchor in events:
        headers, body = catalog.get(message_id, ({}, ''))
        has_command = re.search(r'(?:^|:|\.)  +(?:[a-z-]+ |\w+$)', body, re.M)
        report.check(has_command or 'othing to do' in body and level not in ('ERR', 'WARNING'),
                     f'voxkeeper.catalog: {name} does not say what to type')
        report.check(headers.get('Documentation') == RUNBOOK + anchor,
                     f'voxkeeper.catalog: {name} does not name its section {anchor}')
        report.check(headers.get('Subject') and body, f'voxkeeper.catalog: {name} says nothing')
        placeholders = set(re.findall(r'@([A-Z_]+)@', headers.get('Subject', '') + body))
        for field in sorted(placeholders - fields.get(name, set()) - EVERY_EVENT):
            report.check(False, f'voxkeeper.catalog: {name} shows {field}, which it does not have')
        for line in body.splitlines():
            report.check(len(line) <= 84, f'voxkeeper.catalog: {name} has a long line: {line}')


def check_journalctl(report, root, events):
    """The catalog as journalctl itself reads it."""
    with tempfile.TemporaryDirectory() as tree:
        catalog = Path(tree, 'usr/lib/systemd/catalog')
        catalog.mkdir(parents=True)
        Path(tree, 'var/lib/systemd/catalog').mkdir(parents=True)
        catalog.joinpath('voxkeeper.catalog').write_bytes(
            (root / 'systemd/voxkeeper.catalog').read_bytes())
        done = subprocess.run(['journalctl', '--root', tree, '--update-catalog'],
                              capture_output=True, text=True, check=False)
        report.check(done.returncode == 0 and not done.stderr,
                     f'journalctl --update-catalog: {done.stderr}')
        listed = subprocess.run(['journalctl', '--root', tree, '--list-catalog'],
                                capture_output=True, text=True, check=False).stdout
        report.same('journalctl --list-catalog', {line.split()[0] for line in listed.splitlines()},
                    {row[2] for row in events})


def check_runbook(report, root, events):
    anchors, links = runbook_anchors(root)
    for anchor in sorted({row[4] for row in events} - anchors):
        report.check(False, f'docs/runbook.md: no section {anchor}')
    for link in sorted(links - anchors):
        report.check(False, f'docs/runbook.md: the link #{link} leads nowhere')
    text = (root / 'docs/runbook.md').read_text()
    for _, name, message_id, _, _ in events:
        report.check(re.search(rf'^Events?: .*\b{name}\b(?!-)', text, re.M),
                     f'docs/runbook.md: no section names {name} under "Events:"')
    known = {row[2] for row in events}
    for path in ('docs/runbook.md', 'docs/events.md', 'systemd/voxkeeper.catalog'):
        for message_id in set(re.findall(r'MESSAGE_ID=([0-9a-f]+)', (root / path).read_text())):
            report.check(message_id in known, f'{path}: MESSAGE_ID={message_id} is no event')


def check_table(report, root, events, documented):
    """Returns name -> fields."""
    rows = read_table(root, 'Events')
    expected = {(f'`{name}`', level.lower(), f'[{anchor}](runbook.md#{anchor})')
                for _, name, _, level, anchor in events}
    report.same('docs/events.md', {(row[0], row[1], row[4]) for row in rows}, expected)
    fields = {row[0].strip('`'): fields_of(row[3]) for row in rows}
    for name, named in fields.items():
        for field in sorted(named - documented):
            report.check(False, f'docs/events.md: {name} has {field}, which no row explains')
    return fields


def check_withheld(report, root):
    """The fields that are not for everybody are marked."""
    code = (root / 'src/core/event.c').read_text().partition('event_field_is_withheld')[2]
    withheld = set(re.findall(r'"(VOXKEEPER_\w+)"', code.partition('};')[0]))
    marked = {row[0].partition('`')[2].partition('`')[0] for row in read_table(root, 'Fields') if '†' in row[0]}
    report.check(withheld and withheld == marked, f'docs/events.md: marked are {marked}, withheld {withheld}')


def check_sources(report, root, documented):
    """No field of our own goes into the journal that docs/events.md does not explain."""
    for path in sorted((root / 'src').rglob('*.c')):
        for name in re.findall(r'"((?:VOXKEEPER|WORKER|OBJECT)_[A-Z_]+)"', path.read_text()):
            used_as_field = re.search(rf'(?:_field|_field_bytes|_field_text)\([^;]*"{name}"', path.read_text())
            if used_as_field and name not in documented:
                report.check(False, f'{path.relative_to(root)}: {name} is not in docs/events.md')


def main():
    root = Path(sys.argv[1])
    report = Report()
    events = read_events(root)
    documented = {name for row in read_table(root, 'Fields') for name in re.findall(r'`(\w+)`', row[0])}
    check_golden(report, root, events)
    fields = check_table(report, root, events, documented)
    check_catalog(report, root, events, fields)
    check_journalctl(report, root, events)
    check_runbook(report, root, events)
    check_sources(report, root, documented)
    check_withheld(report, root)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
