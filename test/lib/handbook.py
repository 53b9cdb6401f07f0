"""Documents as tests see them: sections, fenced commands, what a section says that one sees.

    sections = read("docs/runbook.md")
    for block in sections["crash-loop"].blocks: print(block.commands())

Blocks with the language `sh` are run, each in a situation that a test makes (see page.py). One that
cannot be run has `<!-- not run: reason -->` in the line above it.
"""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
# Words in a block that stand for something of the reader's; docs/runbook.md explains them.
PLACEHOLDERS = ("INCIDENT", "NOTIFIER", "FILE", "TOKEN", "LIFE", "KEY", "REVISION", "FORMER")
PARTS = "Symptoms", "Diagnosis", "Resolution", "Escalation"
NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
SYMPTOM = re.compile(r"^- (Journal|Metrics|Status): (.+(?:\n  .+)*)", re.MULTILINE)


def anchor_of(heading):
    """As GitHub makes them."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(text):
    """Of every heading outside of blocks; GitHub numbers those that come again."""
    seen = {}
    for heading in re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M):
        anchor = anchor_of(heading)
        seen[anchor] = seen.get(anchor, -1) + 1
        yield anchor if seen[anchor] == 0 else f"{anchor}-{seen[anchor]}"


def is_whole(text):
    """Whether a shell would run it, and not ask for another line."""
    if text.rstrip().endswith(("|", "&&", "\\")):
        return False
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    return done.returncode == 0 and not done.stderr


@dataclass
class Block:
    document: str
    line: int
    language: str
    text: str
    not_run: str | None = None

    def __str__(self):
        return f"{self.document}:{self.line}"

    def commands(self):
        """Its commands, one after the other; comments on lines of their own belong to none."""
        found, rest = [], ""
        for line in self.text.splitlines():
            if not rest and (not line.strip() or line.startswith("#")):
                continue
            rest += line + "\n"
            if is_whole(rest):
                found.append(rest.rstrip("\n"))
                rest = ""
        assert not rest, f"{self}: a shell would ask for more after: {rest}"
        return found

    def placeholders(self):
        return {word for word in PLACEHOLDERS if re.search(rf"\b{word}\b", self.text)}


@dataclass
class Section:
    anchor: str
    level: int
    line: int
    text: str = ""
    blocks: list = field(default_factory=list)

    def runnable(self):
        return [block for block in self.blocks if block.language == "sh" and not block.not_run]

    def parts(self):
        """What the bold words at the begin of a line say of a failure, in their order."""
        return [name for name in re.findall(r"^\*\*(\w+)\*\*", self.text, re.MULTILINE)
                if name in PARTS]

    def symptoms(self):
        """(where, what) for everything in backticks below **Symptoms**."""
        _, _, rest = self.text.partition("\n**Symptoms**")
        told = rest.partition("\n**Diagnosis**")[0]
        return [(where, what) for where, items in SYMPTOM.findall(told)
                for what in re.findall(r"`([^`]+)`", items)]


def read(document, root=TOP):
    """anchor -> Section, in the order of the document; what stands before them all is "". A heading
    that comes again is numbered, as by GitHub."""
    section = Section("", 0, 1)
    sections, seen, block, above = {"": section}, {}, None, ""
    for number, line in enumerate((root / document).read_text().splitlines(), 1):
        if block is not None and line.startswith("```"):
            section.blocks.append(block)
            block = None
        elif block is not None:
            block.text += line + "\n"
        elif line.startswith("```"):
            marker = NOT_RUN.fullmatch(above)
            block = Block(document, number, line[3:].strip(), "", marker[1] if marker else None)
        elif heading := re.match(r"(#+) (.+)", line):
            anchor = anchor_of(heading[2])
            seen[anchor] = seen.get(anchor, -1) + 1
            section = Section(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor,
                              len(heading[1]), number)
            sections[section.anchor] = section
        else:
            section.text += line + "\n"
        above = line
    assert block is None, f"{block}: the block has no end"
    return sections
