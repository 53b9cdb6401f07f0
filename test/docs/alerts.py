#!/usr/bin/python3
"""Holds examples/prometheus and examples/alertmanager against the code, the runbook and their tools.

Usage: alerts.py SOURCE_ROOT. Prints every disagreement; the exit code is 1 if there is one.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

# As [Admin] RunbookUrl= is where nobody says otherwise.
RUNBOOK = 'file:///usr/share/doc/voxkeeper/runbook.md#'
URGENCY = {'P1': 'page', 'P2': 'page', 'P3': 'ticket'}
# Labels -> who is told.
ROUTES = [
    ('severity=page service=voxkeeper alertname=CrashLoop', 'pager'),
    ('severity=ticket service=voxkeeper alertname=SweepHeld', 'tickets'),
    ('severity=none service=voxkeeper alertname=Watchdog', 'dead-mans-switch'),
    ('severity=none service=voxkeeper alertname=VoxkeeperPreflight token=1', 'voxkeeper-preflight'),
    # What [Notify] Type=alertmanager sends.
    ('severity=page priority=P2 service=voxkeeper alertname=crash-loop incident=1', 'pager'),
    ('severity=ticket priority=P3 service=voxkeeper alertname=sweep-held incident=1', 'tickets'),
    ('alertname=SomethingElse', 'tickets'),
]


def read_conditions(root):
    """name -> (severity, anchor)"""
    text = (root / 'src/core/incidents/condition.h').read_text()
    rows = re.findall(r'X\(\w+, "([a-z-]+)", (P[1-3]), "([a-z-]+)",', text)
    assert len(rows) > 10, 'condition.h is not as expected'
    return {name: (severity, anchor) for name, severity, anchor in rows}


def read_anchors(root):
    headings = re.findall(r'^#+ (.+)$', (root / 'docs/runbook.md').read_text(), re.M)
    return {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-') for heading in headings}


def read_alerts(directory):
    groups = yaml.safe_load((directory / 'voxkeeper.rules.yml').read_text())['groups']
    rules = [rule for group in groups for rule in group['rules'] if 'alert' in rule]
    return {rule['alert']: rule for rule in rules}, [rule['alert'] for rule in rules]


def check_alert(name, alert, conditions, anchors):
    notes, labels = alert.get('annotations', {}), alert['labels']
    if set(notes) != {'summary', 'description', 'runbook_url'} or not all(notes.values()):
        yield f'{name}: its annotations are {sorted(notes)}'
        return
    if notes['summary'].endswith('.') or not re.search(r'[.)]$', notes['description']):
        yield f'{name}: a summary is no sentence, a description is'
    base, _, anchor = notes['runbook_url'].partition('#')
    if base + '#' != RUNBOOK or anchor not in anchors:
        yield f'{name}: docs/runbook.md has no section {notes["runbook_url"]}'
    if labels.get('service') != 'voxkeeper':
        yield f'{name}: its service is not voxkeeper'
    if labels['severity'] not in ('page', 'ticket') and name not in ('Watchdog', 'IncidentOpen', 'VoxkeeperPreflight'):
        yield f'{name}: its severity is {labels["severity"]}'
    condition = labels.get('condition')
    if condition and condition not in conditions:
        yield f'{name}: {condition} is no condition'
    elif condition:
        severity, its_anchor = conditions[condition]
        if labels['severity'] != URGENCY[severity] or anchor != its_anchor:
            yield f'{name}: is {labels["severity"]} of {anchor}, {condition} {severity} of {its_anchor}'


def check_alerts(directory, conditions, anchors):
    alerts, names = read_alerts(directory)
    for name in sorted(name for name in alerts if names.count(name) > 1):
        yield f'{name}: is there twice'
    for name, alert in alerts.items():
        yield from check_alert(name, alert, conditions, anchors)
    told = [alert['labels'].get('condition') for alert in alerts.values()]
    for condition in conditions:
        if told.count(condition) != 1:
            yield f'{condition}: {told.count(condition)} alerts tell of it'
    left_out = re.search(r'condition!~"([^"]*)"', alerts['IncidentOpen']['expr'])[1].split('|')
    if set(left_out) != set(conditions):
        yield f'IncidentOpen: {sorted(set(left_out) ^ set(conditions))}'


def fires(check, name):
    return any(f'alertname="{name}"' in sample['labels'] for sample in check.get('exp_samples', []))


def check_tests(directory):
    """Each alert comes and goes in a unit test that bears its name."""
    tests = yaml.safe_load((directory / 'voxkeeper.rules.test.yml').read_text())['tests']
    alerts, _ = read_alerts(directory)
    for name in alerts:
        mine = [test for test in tests if test['name'] == name]
        if not mine:
            yield f'{name}: has no unit test'
        for test in mine:
            seen = [fires(check, name) for check in test['promql_expr_test']]
            if seen != ([True] * 3 if name == 'Watchdog' else [False, True, False]):
                yield f'{name}: its unit test sees it firing: {seen}'
    for test in tests:
        if test['name'] not in alerts:
            yield f'{test["name"]}: is tested, but no alert'


def rendering(tests):
    """Unit tests that fail where an alert fires, which makes promtool show what it says then."""
    for test in tests:
        at = next(check['eval_time'] for check in test['promql_expr_test']
                  if fires(check, test['name']))
        yield {'interval': '1m', 'input_series': test.get('input_series', []),
               'alert_rule_test': [{'eval_time': at, 'alertname': test['name'], 'exp_alerts': []}]}


def check_rendered(directory):
    """What people read, with the labels and the value put in."""
    tests = yaml.safe_load((directory / 'voxkeeper.rules.test.yml').read_text())['tests']
    with tempfile.TemporaryDirectory() as copy:
        shutil.copy(directory / 'voxkeeper.rules.yml', copy)
        Path(copy, 'test.yml').write_text(yaml.safe_dump({
            'rule_files': ['voxkeeper.rules.yml'], 'evaluation_interval': '1m',
            'tests': list(rendering(tests))}))
        done = subprocess.run(['promtool', 'test', 'rules', 'test.yml'], cwd=copy, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    shown = re.findall(r'\{alertname="(\w+)"[^}]*\}\s*Annotations:\{(.*)\}', done.stdout)
    for name in {test['name'] for test in tests} - set(dict(shown)):
        yield f'{name}: promtool does not show what it says'
    for name, annotations in shown:
        host = name in ('Watchdog', 'VoxkeeperAbsent') or 'summary="ill: ' in annotations
        if not host or re.search(r'<error|<no value>|%!|summary="[^"]*: "|\d\.\d{3}', annotations):
            yield f'{name}: says {annotations}'


def check_listed(root, alerts):
    """docs/monitoring.md lists the alerts as they are."""
    rows = re.findall(r'^\| `([A-Z]\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| \[([a-z-]+)\]\(runbook.md#([a-z-]+)\) \|$',
                      (root / 'docs/monitoring.md').read_text(), re.M)
    words = [row[3] for row in rows]
    for text in sorted({text for text in words if words.count(text) > 1}):
        yield f'docs/monitoring.md: {words.count(text)} alerts say "{text}"'
    listed = {name: [severity, after, *anchors] for name, severity, after, _, *anchors in rows}
    for name, alert in alerts.items():
        severity, anchor = alert['labels']['severity'], alert['annotations']['runbook_url'].split('#')[1]
        is_so = ['as of the incident' if '{{' in severity else severity, alert.get('for', 'at once'),
                 anchor, anchor]
        if listed.pop(name, None) != is_so:
            yield f'docs/monitoring.md: {name} is not listed as {is_so}'
    for name in listed:
        yield f'docs/monitoring.md: {name} is no alert'


def check_named(root, alerts):
    """Inhibitions name alerts; one that is misspelt never inhibits anything."""
    text = (root / 'examples/alertmanager/alertmanager.yml').read_text()
    for names in re.findall(r'alertname !?=?~? ?"?([\w|]+)"?', text):
        for name in set(names.split('|')) - set(alerts):
            yield f'alertmanager.yml: {name} is no alert'


def run(directory, *words):
    """What a tool complains about."""
    done = subprocess.run(words, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        yield f'{" ".join(words[:3])}: {done.stdout}{done.stderr}'


def check_tools(root):
    missing = [tool for tool in ('promtool', 'amtool') if not shutil.which(tool)]
    if missing:
        if os.environ.get('VOXKEEPER_MUST_RUN') == '1':
            yield f'{missing} missing: test/lib/install unit'
        return
    prometheus, alertmanager = root / 'examples/prometheus', root / 'examples/alertmanager'
    yield from run(prometheus, 'promtool', 'check', 'config', 'prometheus.yml')
    yield from run(prometheus, 'promtool', 'check', 'rules', 'voxkeeper.rules.yml')
    yield from run(prometheus, 'promtool', 'test', 'rules', 'voxkeeper.rules.test.yml')
    yield from check_rendered(prometheus)
    yield from run(alertmanager, 'amtool', 'check-config', 'alertmanager.yml')
    for labels, receiver in ROUTES:
        yield from run(alertmanager, 'amtool', 'config', 'routes', 'test',
                       '--config.file=alertmanager.yml', f'--verify.receivers={receiver}',
                       *labels.split())


def main():
    root = Path(sys.argv[1])
    directory = root / 'examples/prometheus'
    alerts, _ = read_alerts(directory)
    problems = [*check_alerts(directory, read_conditions(root), read_anchors(root)),
                *check_tests(directory), *check_listed(root, alerts), *check_named(root, alerts),
                *check_tools(root)]
    print('\n'.join(problems))
    return 1 if problems else 0


sys.exit(main())
