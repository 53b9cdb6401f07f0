#!/usr/bin/python3
"""Holds docs/runbook.md against what leads to it and against the tests that run its commands.

Usage: runbook.py SOURCE_ROOT. Prints every disagreement; the exit code is 1 if there is one. How many
blocks cannot be run is told on the last line: the goal is 0.
"""
import re
import sys
from pathlib import Path

sys.path[:0] = [str(Path(sys.argv[1], 'test/lib')), str(Path(sys.argv[1], 'test/docs'))]

import events  # noqa: E402
import handbook  # noqa: E402

# Sections that nothing leads to: somebody looks them up.
GENERAL = {'first', 'everyday-work', 'deploy-and-roll-back', 'redis', 'what-is-in-redis',
           'stop-and-drain-behind-a-socket', 'redis-cleanup-without-voxkeeper',
           'when-something-is-wrong', 'looking-after-it', 'monitoring', 'before-a-deployment', 'after-an-incident',
           'maintaining-this-runbook', 'words-in-capitals', 'rules'}
# What the original specification looks for.
WORDS = 'restart', 'elevenlabs-agent', 'elevenlabs:session', 'cursor_task'
# As shown, and nothing that anybody would type.
SHOWN = 'text', 'markdown'
DOCUMENT = 'docs/runbook.md'


def conditions(root):
    text = (root / 'src/core/incidents/condition.h').read_text()
    return set(re.findall(r'^    X\(\w+, "[a-z-]+", P[1-3], "([a-z-]+)",', text, re.M))


def alerts(root):
    rules = (root / 'examples/prometheus').glob('*.rules.yml')
    return {anchor for path in rules for anchor in re.findall(r'runbook\.md#([a-z-]+)', path.read_text())}


def findings(root):
    """Of the doctor: {name: the section to which it leads}."""
    (path,) = (root / 'src').rglob('doctor_checks.h')
    text = path.read_text()
    rows = dict(re.findall(r'^    X\(\w+, "([a-z-]+)", [A-Z]+, [A-Z]+, "([a-z-]+)"\)', text, re.M))
    assert len(rows) == len(re.findall(r'^    X\(', text, re.M)) > 0, 'doctor_checks.h is not as expected'
    return rows


def check_ways(root, sections):
    """Every section is reached, and nothing leads nowhere."""
    ways = {'an event': {row[4] for row in events.read_events(root)},
            'an incident': conditions(root), 'an alert': alerts(root),
            'a finding of the doctor': set(findings(root).values()), 'the list here': GENERAL}
    for what, anchors in ways.items():
        for anchor in sorted(anchors - set(sections)):
            yield f'{DOCUMENT}: no section {anchor}, to which {what} leads'
    reached = set().union(*ways.values())
    for anchor in sorted(set(sections) - reached - {'', 'runbook'}):
        yield f'{DOCUMENT}: nothing leads to {anchor}, and it is no general one'
    for anchor in sorted(GENERAL & set().union(*(ways[w] for w in ways if w != 'the list here'))):
        yield f'test/docs/runbook.py: {anchor} is reached, so it is not a general one'


def check_findings(root, sections):
    """Whoever comes to a section by a finding finds it there."""
    for name, anchor in findings(root).items():
        if f'*{name}*' not in ' '.join(sections[anchor].text.split()):
            yield f'{DOCUMENT}: {anchor} says nothing of *{name}*, a finding that leads to it'


def check_form(root, sections):
    """Sections about failures have the four parts in their order."""
    failures = conditions(root)
    for anchor, section in sections.items():
        if re.search(r'-\d+$', anchor):
            yield f'{DOCUMENT}:{section.line}: the heading is there twice'
        if anchor in failures or section.parts():
            if section.parts() != list(handbook.PARTS):
                yield f'{DOCUMENT}:{section.line}: {anchor} has {section.parts()}'
        for block in section.blocks:
            if block.language != 'sh' and block.language not in SHOWN:
                yield f'{block}: a block of "{block.language}", which is neither run nor shown'
    text = (root / DOCUMENT).read_text()
    for word in WORDS:
        if word not in text:
            yield f'{DOCUMENT}: nothing about {word}'


def check_situations(root, sections):
    """Each section with commands is done by one test, and no test does one without."""
    done = []
    for path in sorted((root / 'test/integration').glob('test_systemd_runbook*.py')):
        done += re.findall(r'^@pytest\.mark\.section\("([a-z-]+)"\)$', path.read_text(), re.M)
    wanted = {anchor for anchor, section in sections.items() if section.runnable()}
    for anchor in sorted(wanted - set(done)):
        yield f'{sections[anchor].runnable()[0]}: no test runs the commands of {anchor}'
    for anchor in sorted(set(done) - wanted):
        yield f'test_systemd_runbook*.py: {anchor} has no command to run'
    for anchor in sorted({anchor for anchor in done if done.count(anchor) > 1}):
        yield f'test_systemd_runbook*.py: {anchor} is done twice'


def check_documents(root):
    """What is fenced elsewhere is run as well, by tests that name document and section."""
    marked = set()
    for path in sorted((root / 'test').glob('*/test_*.py')):
        marked |= set(re.findall(r'section\("([a-z-]+)", document="([^"]+)"\)', path.read_text()))
        if 'read("README.md")["two-commands"]' in path.read_text():
            marked.add(('two-commands', 'README.md'))
    for path in [root / 'README.md', *sorted((root / 'docs').glob('*.md'))]:
        document = str(path.relative_to(root))
        if document == DOCUMENT:
            continue
        for anchor, section in handbook.read(document, root).items():
            if section.runnable() and (anchor, document) not in marked:
                yield f'{section.runnable()[0]}: no test runs the commands of {anchor}'
            marked.discard((anchor, document) if section.runnable() else None)
            for block in section.blocks:
                if block.language not in ('sh', 'yaml', *SHOWN):
                    yield f'{block}: a block of "{block.language}", which is neither run nor shown'
    for anchor, document in sorted(marked):
        yield f'{document}: {anchor} has no command to run'


def check_links(root):
    """Links within the documents lead to what is there."""
    documents = [root / 'README.md', *sorted((root / 'docs').glob('*.md'))]
    anchors = {path: set(handbook.anchors(path.read_text())) for path in documents}
    for path in documents:
        for target in re.findall(r'\]\(([^)\s]+)\)', path.read_text()):
            name, _, anchor = target.partition('#')
            if '://' in name or name.startswith('mailto:'):
                continue
            there = (path.parent / name).resolve() if name else path
            if not there.exists():
                yield f'{path.relative_to(root)}: the link {target} leads nowhere'
            elif anchor and there in anchors and anchor not in anchors[there]:
                yield f'{path.relative_to(root)}: the link {target} leads to no section'


def check_paths(root):
    """Files that are named are there, whatever was moved."""
    layer = re.compile(r'`((?:core|daemon|io|cli|base|preload)/[\w./]+|(?:src|include|test|examples|systemd)/[\w./-]+)`')
    for path in [root / 'README.md', root / 'docs/architecture.md']:
        for name in layer.findall(path.read_text()):
            if not [*root.glob(f'{name}*'), *root.glob(f'src/{name}*')]:
                yield f'{path.relative_to(root)}: there is no {name}'


def main():
    root = Path(sys.argv[1]).resolve()
    sections = handbook.read(DOCUMENT, root)
    found = [*check_ways(root, sections), *check_findings(root, sections), *check_form(root, sections),
             *check_situations(root, sections), *check_documents(root), *check_links(root), *check_paths(root)]
    for text in found:
        print(text)
    blocks = [block for section in sections.values() for block in section.blocks]
    not_run = [block for block in blocks if block.not_run]
    for block in not_run:
        print(f'{block} is not run: {block.not_run}')
    print(f'{sum(len(section.runnable()) for section in sections.values())} blocks are run, '
          f'{len(not_run)} are not')
    return 1 if found else 0


sys.exit(main())
