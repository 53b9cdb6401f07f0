#!/usr/bin/python3
"""Every `voxkeeper` and `voxkeeperd` command line in what is written for people parses with the verbs
and options of today: it is run with --help before it, which reads everything and does nothing.

Usage: commands.py SOURCE_ROOT VOXKEEPER VOXKEEPERD. Prints every line that does not; the exit code is
1 if there is one.
"""
import re
import shlex
import subprocess
import sys
from pathlib import Path

WHERE = ('README.md', 'docs/*.md', 'docs/man/*.in', 'examples/**/*.md', 'examples/**/*.yml',
         'examples/voxkeeper.conf', 'systemd/voxkeeper.catalog', 'systemd/*.in')
# In backticks; a line of a block, or part of one; in the catalog what is set off by two blanks.
INLINE = re.compile(r'`(voxkeeperd? [^`\n]+)`')
LINE = re.compile(r'(?:^ *|&& |; |\| )(voxkeeperd? .+)$', re.M)
SET_OFF = re.compile(r'(?<=  )(voxkeeperd? .+)$', re.M)
# What stands for something of the reader's, where an option wants a number or a known word.
STANDS_FOR = {'N': '1', 'LIFE': '1', 'NUMBER': '1', 'NAME': 'worker-crashed', 'SPAN': '30m'}


def command_lines(path):
    text = path.read_text()
    found = INLINE.findall(text)
    if path.suffix == '.md':
        for block in re.findall(r'^ *```(?:sh)?\n(.*?)^ *```', text, re.M | re.S):
            found += LINE.findall(block)
    elif path.suffix == '.catalog':
        found += SET_OFF.findall(text)
    return sorted(set(found))


def words_of(line):
    """Up to what belongs to the shell; words in brackets may be left out."""
    line = re.sub(r'@[A-Z_]+@', 'X', line).replace('…', 'X').replace('...', 'X')
    line = re.sub(r'\[[^]]*\]', '', line)
    lexer = shlex.shlex(line, posix=True, punctuation_chars='|&;<>()')
    lexer.whitespace_split, words = True, []
    for word in lexer:
        if re.fullmatch(r'[|&;<>()]+', word):
            break
        name, equal, value = word.partition('=')
        words.append(STANDS_FOR.get(word, f'{name}={STANDS_FOR[value]}'
                                    if equal and value in STANDS_FOR else word))
    return words


def complaint(programs, line):
    try:
        program, *words = words_of(line)
    except ValueError as error:
        return str(error)
    # Behind a `;` or in a sentence the name alone is no command.
    if not words or program not in programs:
        return None
    done = subprocess.run([programs[program], '--help', *words], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=30, check=False, cwd='/')
    # `--confirm` in a sentence is the option's name.
    if done.returncode == 0 or f'{words[-1]} needs a value;' in done.stderr:
        return None
    return done.stderr.strip()


def main(root, voxkeeper, voxkeeperd):
    programs = {'voxkeeper': Path(voxkeeper).resolve(), 'voxkeeperd': Path(voxkeeperd).resolve()}
    paths = sorted({path for pattern in WHERE for path in Path(root).glob(pattern)
                    if 'node_modules' not in path.parts})
    checked = wrong = 0
    for path in paths:
        for line in command_lines(path):
            checked += 1
            if said := complaint(programs, line):
                wrong += 1
                print(f'{path.relative_to(root)}: {line}: {said}')
    print(f'{checked} command lines')
    return 1 if wrong or not checked else 0


sys.exit(main(*sys.argv[1:]))
