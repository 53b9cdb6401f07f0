"""A terminal to run a command on: what it shows, its keys, its size."""

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import unicodedata

from waiting import Patience

SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


def width(char):
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class Terminal:
    """Runs `command` as a session of its own. Knows the few sequences that voxkeeper uses; any
    other fails the test, as does a line that is too long or a screen that scrolls."""

    def __init__(self, command, columns=80, rows=24, env=None):
        self.ours, theirs = pty.openpty()
        self.columns, self.rows = columns, rows
        self.raw = ""
        self.alternate = self.hidden = False
        self.lines = {}
        self.row = self.column = 0
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._set_size(columns, rows)
        self.settings = termios.tcgetattr(theirs)
        base = {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8"}
        # The terminal is its controlling one, so that Ctrl-C reaches it. setsid need not fork for
        # that, so the process is the command itself.
        self.process = subprocess.Popen(["setsid", "--ctty", *command], stdin=theirs,
                                        stdout=theirs, stderr=theirs, env={**base, **(env or {})})
        self.theirs = theirs

    def _set_size(self, columns, rows):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines = {}
        self._set_size(columns, rows)

    def press(self, keys):
        os.write(self.ours, keys.encode())

    def _read(self, wait):
        if select.select([self.ours], [], [], wait)[0]:
            text = self._decoder.decode(os.read(self.ours, 65536))
            self.raw += text
            self._take(self._rest + text)

    def _take(self, text):
        at = 0
        self._rest = ""
        while at < len(text):
            char = text[at]
            if char == "\x1b":
                found = SEQUENCE.match(text, at)
                if not found:
                    assert len(text) - at < 20, f"unknown sequence {text[at:at + 20]!r}"
                    self._rest = text[at:]
                    return
                self._obey(*found.groups())
                at = found.end()
                continue
            at += 1
            if char == "\r":
                self.column = 0
            elif char == "\n":
                self.row += 1
                assert not self.alternate or self.row < self.rows, f"it scrolls:\n{self.text()}"
            else:
                self._put(char)

    def _put(self, char):
        line = self.lines.setdefault(self.row, [])
        del line[self.column:]
        line += " " * (self.column - len(line)) + char
        self.column += width(char)
        line += [""] * (self.column - len(line))
        assert not self.alternate or self.column <= self.columns, f"too long: {''.join(line)!r}"

    def _obey(self, private, numbers, letter):
        if private and numbers == "1049":
            self.alternate = letter == "h"
            self.lines, self.row, self.column = {}, 0, 0
        elif private and numbers == "25":
            self.hidden = letter == "l"
        elif letter == "H" and not numbers:
            self.row = self.column = 0
        elif letter == "K":
            del self.lines.setdefault(self.row, [])[self.column:]
        elif letter == "J":
            self.lines = {row: line for row, line in self.lines.items() if row <= self.row}
            if numbers == "2":
                self.lines = {}
        else:
            assert letter == "m", f"unknown sequence {private}{numbers}{letter}"

    def text(self):
        return "\n".join("".join(self.lines[row]).rstrip() for row in sorted(self.lines))

    def wait(self, condition, what, deadline=20):
        """Reads until condition(self); `what` is for the message."""
        patience = Patience(deadline)
        while not condition(self):
            assert patience.left() > 0, f"waited {deadline} s for {what}; it shows:\n{self.text()}"
            self._read(0.1)

    def wait_text(self, part):
        self.wait(lambda t: part in t.text(), repr(part))

    def end(self, deadline=20):
        """Its exit status, once it has ended by itself."""
        patience = Patience(deadline)
        while self.process.poll() is None:
            assert patience.left() > 0, f"it does not end:\n{self.text()}"
            self._read(0.02)
        while select.select([self.ours], [], [], 0)[0]:
            self._read(0)
        return self.process.returncode

    def is_as_before(self):
        return termios.tcgetattr(self.theirs) == self.settings and not (self.alternate or self.hidden)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)
