#!/usr/bin/python3
"""Holds the list of incident conditions against docs/runbook.md.

Usage: conditions.py SOURCE_ROOT. Prints every disagreement; the exit code is 1 if there is one.
"""
import re
import sys
from pathlib import Path


def read_conditions(root):
    """[(name, severity, anchor)]"""
    text = (root / 'src/core/incidents/condition.h').read_text()
    rows = re.findall(r'X\(\w+, "([a-z-]+)", (P[1-3]), "([a-z-]+)",', text)
    assert len(rows) == len(re.findall(r'^    X\(\w+, "[a-z]', text, re.M)) > 0, \
        'condition.h is not as expected'
    return rows


def read_sections(root):
    """anchor -> text"""
    parts = re.split(r'^#+ (.+)\n', (root / 'docs/runbook.md').read_text(), flags=re.M)[1:]
    return {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-'): text
            for heading, text in zip(parts[::2], parts[1::2])}


def disagreements(conditions, sections):
    for name, severity, anchor in conditions:
        if anchor not in sections:
            yield f'docs/runbook.md: no section {anchor}, which {name} leads to'
        elif not re.search(rf'^Incident: {name} \({severity}\)', sections[anchor], re.M):
            yield f'docs/runbook.md: {anchor} does not say "Incident: {name} ({severity})"'
    known = {name for name, _, _ in conditions}
    for anchor, text in sections.items():
        for name in re.findall(r'^Incident: ([a-z-]+)', text, re.M):
            if name not in known:
                yield f'docs/runbook.md: {anchor} speaks of {name}, which is no condition'


def main():
    root = Path(sys.argv[1])
    found = list(disagreements(read_conditions(root), read_sections(root)))
    print('\n'.join(found))
    return 1 if found else 0


sys.exit(main())
