"""One section of a document, done in a container as somebody at 3 AM does it: what one sees is
looked for, and every fenced command is run as it stands.

    page.symptoms()                                  # all that "Symptoms" names is really there
    page.run("voxkeeper workers")                    # the block that has these words
    page.run("systemctl status", exits={"systemctl status": 3, "redis-cli ping": 1})
    page.run("voxkeeper incidents INC", INCIDENT=page.incident("crash-loop"))
"""

import json
import re
import subprocess

from handbook import read
from prometheus_client.parser import text_string_to_metric_families
from waiting import wait_for

# Each command is evaluated by the same shell, so that the next one sees its directory and variables;
# after each comes its exit code between two NULs. Nobody types so quickly that what was said before
# is not in the journal yet.
RUNNER = r'for command; do journalctl --sync; eval "$command" 2>&1; printf "\0%d\0" $?; done'
METRIC = re.compile(r"(?:increase\()?(?P<name>\w+)(?:\{(?P<labels>[^}]*)\})?(?:\[\w+\]\))? "
                    r"(?P<relation>==|>=|<=|>|<) (?P<number>\S+)")
RELATIONS = {"==": float.__eq__, ">=": float.__ge__, "<=": float.__le__, ">": float.__gt__,
             "<": float.__lt__}


class Done:
    """What the commands of one block have said: done["voxkeeper status"] is one's output."""

    def __init__(self, commands, output):
        pieces = output.split("\0")
        self.outputs = pieces[0:-1:2]
        self.codes = [int(code) for code in pieces[1::2]]
        self.commands = commands
        self.text = "".join(self.outputs)

    def __getitem__(self, begin):
        told = dict(zip(self.commands, self.outputs))
        if begin in told:
            return told[begin]
        found = [output for command, output in told.items() if command.startswith(begin)]
        assert len(found) == 1, f'{len(found)} commands begin with "{begin}"'
        return found[0]

    def check(self, block, exits):
        """Every command has ended as it should: with 0 unless exits says otherwise."""
        for begin in exits:
            assert any(command.startswith(begin) for command in self.commands), f"{block}: {begin}"
        assert len(self.codes) == len(self.commands), f"{block} ended early:\n{self.text}"
        for command, code, output in zip(self.commands, self.codes, self.outputs):
            wanted = next((exits[begin] for begin in exits if command.startswith(begin)), 0)
            assert code == wanted, f"{block}: exit code {code} of {command}\n{output}"


class Started:
    """A block whose commands wait for something that the test does meanwhile."""

    def __init__(self, box, block, commands, typed=""):
        self.block, self.commands, self.typed = block, commands, typed
        self.process = box.popen("bash", "-c", RUNNER, "block", *commands, text=True,
                                 stdin=subprocess.PIPE if typed else subprocess.DEVNULL,
                                 stdout=subprocess.PIPE)

    def done(self, deadline=60.0, exits=None):
        output, _ = self.process.communicate(self.typed or None, timeout=deadline)
        done = Done(self.commands, output)
        done.check(self.block, exits or {})
        return done


def metric_holds(expression, text):
    """Whether a comparison is true of a scrape; a counter's increase is all that it has counted,
    because it began with the situation."""
    parsed = METRIC.fullmatch(expression)
    assert parsed, f"{expression} is no comparison of a metric"
    labels = dict(re.findall(r'(\w+)="([^"]*)"', parsed["labels"] or ""))
    samples = [sample for family in text_string_to_metric_families(text)
               for sample in family.samples if sample.name == parsed["name"]]
    assert samples, f"there is no metric {parsed['name']}"
    values = [sample.value for sample in samples if labels.items() <= sample.labels.items()]
    return any(RELATIONS[parsed["relation"]](value, float(parsed["number"])) for value in values)


class Page:
    def __init__(self, service, anchor, document="docs/runbook.md"):
        self.service, self.box = service, service.box
        self.section = read(document)[anchor]
        self.left = self.section.runnable()
        self.seen = False
        assert self.left, f"{document}#{anchor} has no block, so nothing to make a situation for"
        # What Debian does when the package is installed.
        self.box.run("journalctl", "--update-catalog")

    def take(self, words, values):
        """The next block that has these words; its commands with the reader's values."""
        block = next((block for block in self.left if words in block.text), None)
        assert block, f'#{self.section.anchor}: no block that has not been run has "{words}"'
        self.left.remove(block)
        assert block.placeholders() == set(values), f"{block}: it has {block.placeholders()}"
        commands = block.commands()
        for name, value in values.items():
            commands = [re.sub(rf"\b{name}\b", lambda _, value=value: str(value), command)
                        for command in commands]
        return block, commands

    def run(self, words, exits=None, deadline=60.0, typed="", **values):
        """typed: what the commands ask for."""
        return Started(self.box, *self.take(words, values), typed).done(deadline, exits)

    def start(self, words, **values):
        return Started(self.box, *self.take(words, values))

    def finish(self):
        left = "\n".join(f"{block}:\n{block.text}" for block in self.left)
        assert not self.left, f"commands that this test does not run:\n{left}"
        assert self.seen or not self.section.symptoms(), "the section's symptoms are not looked for"

    # What one sees.

    def symptoms(self, deadline=30.0):
        """Waits until all that the section names as a symptom is there."""
        self.seen = True
        told = self.section.symptoms()
        assert told, f"#{self.section.anchor} names no symptom"
        for where, what in told:
            wait_for(lambda: getattr(self, f"in_{where.lower()}")(what), deadline,
                     f'"{what}" ({where}) of #{self.section.anchor}')

    def in_journal(self, what):
        """An event's name, or what a line says, `…` for whatever."""
        self.box.run("journalctl", "--sync")
        pattern = ".*".join(re.escape(piece) for piece in what.split("…"))
        return any(entry.get("VOXKEEPER_EVENT") == what or
                   re.search(pattern, str(entry.get("MESSAGE", "")), re.DOTALL)
                   for entry in self.box.journal(after=self.service.marked))

    def in_metrics(self, what):
        text = self.box.run("curl", "-sS", "http://127.0.0.1:9464/metrics").stdout
        return metric_holds(what, text)

    def in_status(self, what):
        pattern = ".*".join(re.escape(piece) for piece in what.split("…"))
        return re.search(pattern, self.service.cli("status").stdout)

    # What one looks up.

    def incident(self, condition, deadline=30.0):
        """The id of the latest incident of that condition; waits for it."""
        def latest():
            listed = json.loads(self.service.cli("--json", "incidents").stdout)
            return next((one["id"] for one in listed if one["condition"] == condition), None)

        return wait_for(latest, deadline, f"an incident {condition}")
