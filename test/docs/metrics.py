#!/usr/bin/python3
"""Holds the table of metrics against docs/metrics.md, and what names metrics elsewhere against it.

Usage: metrics.py SOURCE_ROOT. Prints every disagreement; the exit code is 1 if there is one.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NAME = re.compile(r'\b(?:voxkeeper|process)_[a-z0-9_]+\b')
PARTS = ('_bucket', '_sum', '_count')
# What tools put on every series; `le` is a histogram's own.
GIVEN = {'job', 'instance', 'le'}


def read_table(root):
    """name -> (type, labels, help), in order."""
    text = (root / 'src/core/metrics/exposition_table.h').read_text()
    rows = re.findall(r'X\(\w+, ([A-Z]+), "(\w+)", "([a-z_,]*)", "([^"]+)"\)', text)
    assert len(rows) == len(re.findall(r'^    X\(', text, re.M)) > 0, 'the table is not as expected'
    return {name: (kind.lower(), labels.split(',') if labels else [], words)
            for kind, name, labels, words in rows}


def cells_of(line):
    return [cell.strip().replace(r'\|', '|') for cell in re.split(r'(?<!\\)\|', line)[1:-1]]


def read_document(root):
    """Rows of the tables of families: [(name, type, labels, meaning, example)]."""
    rows = []
    for line in (root / 'docs/metrics.md').read_text().splitlines():
        cells = cells_of(line) if line.startswith('| `') else []
        if len(cells) == 5:
            name, kind, labels, meaning, example = cells
            rows.append((name.strip('`'), kind, re.findall(r'`(\w+)`', labels), meaning,
                         example.strip('`')))
    return rows


def explained_labels(root):
    section = (root / 'docs/metrics.md').read_text().split('## How many series')[1].split('\n## ')[0]
    first = [cells_of(line)[0] for line in section.splitlines() if line.startswith('| `')]
    return {label for cell in first for label in re.findall(r'`(\w+)`', cell)}


def family_of(name, table):
    if name in table:
        return name
    for part in PARTS:
        base = name.removesuffix(part)
        if base != name and table.get(base, ('',))[0] == 'histogram':
            return base
    return None


def check_document(root, table):
    rows = read_document(root)
    listed = [row[0] for row in rows]
    for name in table:
        if listed.count(name) != 1:
            yield f'docs/metrics.md: {name} has {listed.count(name)} rows'
    for name, kind, labels, meaning, example in rows:
        if name not in table:
            yield f'docs/metrics.md: {name} is not in the table'
            continue
        if (kind, labels) != table[name][:2]:
            yield f'docs/metrics.md: {name} is {kind} of {labels}, in the table {table[name][:2]}'
        if not meaning.endswith('.'):
            yield f'docs/metrics.md: {name} has no meaning'
        if name not in [family_of(named, table) for named in NAME.findall(example)]:
            yield f'docs/metrics.md: the example of {name} does not use it'
    used = {label for _, labels, _ in table.values() for label in labels}
    for label in sorted(used ^ explained_labels(root)):
        yield f'docs/metrics.md: the label {label} is not bounded, or of no family'


def check_names(path, text, table):
    """Families, and labels in selectors, that there are not."""
    for name in sorted(set(NAME.findall(text))):
        if not family_of(name, table):
            yield f'{path}: {name} is no family'
    for name, selector in re.findall(r'\b((?:voxkeeper|process)_[a-z0-9_]+)\{([^}]*)\}', text):
        labels = table.get(family_of(name, table), ('', [], ''))[1]
        for label in re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*\\?"', selector):
            if label not in labels and label not in GIVEN:
                yield f'{path}: {name} has no label {label}'


def check_dashboard(root, table):
    """Every family has its place there."""
    queries = re.findall(r'"expr": "(.*)"', (root / 'examples/grafana/voxkeeper.json').read_text())
    shown = {family_of(name, table) for query in queries for name in NAME.findall(query)}
    for name in table:
        if name not in shown:
            yield f'examples/grafana/voxkeeper.json: no panel shows {name}'


def texts_that_name_metrics(root):
    yield from sorted((root / 'docs').glob('*.md'))
    for directory in ('prometheus', 'alertmanager', 'grafana'):
        yield from sorted(path for path in (root / 'examples' / directory).rglob('*')
                          if path.suffix in ('.yml', '.yaml', '.json', '.md', '.rules'))


def check_promql(root):
    """Every example as Prometheus itself reads it."""
    if not shutil.which('promtool'):
        if os.environ.get('VOXKEEPER_MUST_RUN') == '1':
            yield 'promtool is missing: test/lib/install run'
        return
    rules = [{'record': f'example:{i}', 'expr': row[4]} for i, row in enumerate(read_document(root))]
    with tempfile.NamedTemporaryFile('w', suffix='.yml') as file:
        json.dump({'groups': [{'name': 'examples', 'rules': rules}]}, file)
        file.flush()
        done = subprocess.run(['promtool', 'check', 'rules', file.name], capture_output=True,
                              text=True, check=False)
    if done.returncode != 0:
        yield f'docs/metrics.md: {done.stderr}'


def main():
    root = Path(sys.argv[1])
    table = read_table(root)
    problems = [*check_document(root, table), *check_dashboard(root, table), *check_promql(root)]
    for path in texts_that_name_metrics(root):
        problems += check_names(path.relative_to(root), path.read_text(), table)
    print('\n'.join(problems))
    return 1 if problems else 0


sys.exit(main())
