#!/usr/bin/python3
"""The man pages say what the programs say, and neither mandoc nor groff has a word against them.

Usage: man.py SOURCE_ROOT VOXKEEPER VOXKEEPERD PAGE...
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LINT = ["mandoc", "-T", "lint"]
FORMAT = ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"]
BAD = '.TH X 1 2026-01-01 "x" "x"\n.SH NAME\nx \\- y\n.SH Z\n.TP\n\\fBbold \\*[nothing]\n.Zz\n'


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env=os.environ | {"LC_ALL": "C.UTF-8", "MANWIDTH": "200", "NO_COLOR": "1"})
    return done.stdout, done.stderr


def complaints(path):
    """What each of the two says of a page."""
    return {"mandoc": "".join(output(*LINT, path)), "man": output(*FORMAT, path)[1]}


def shown(path):
    text = output("man", "-l", path)[0]
    return re.sub(r".\x08", "", text).replace("‐\n", "").replace("−", "-")


def check_tools():
    """Both find what is there to be found: silence is worth something."""
    with tempfile.NamedTemporaryFile("w", suffix=".1") as page:
        page.write(BAD)
        page.flush()
        return [f"{tool} finds nothing wrong with a bad page"
                for tool, said in complaints(page.name).items() if not said]


def words(pattern, text):
    return set(re.findall(pattern, text, re.MULTILINE))


def missing(what, wanted, page):
    assert wanted, f"no {what} at all"
    return [f"{what} {word} is not in the page" for word in sorted(wanted) if word not in page]


def check_content(root, voxkeeper, voxkeeperd, pages):
    help_text = output(voxkeeper, "--help")[0]
    verbs = words(r"^  ([a-z-]+)", help_text.partition("Verbs:\n")[2].partition("\nOptions")[0])
    operator = shown(pages["voxkeeper.1"])
    problems = missing("verb", verbs, operator)
    for verb in verbs:
        options = words(r"^  (--[a-z-]+)", output(voxkeeper, "help", verb)[0])
        problems += missing("option", options, operator)
    daemon_options = words(r"^ .*?(--[a-z-]+)", output(voxkeeperd, "--help")[0])
    problems += missing("option", daemon_options, shown(pages["voxkeeperd.8"]))
    reference = (root / "docs/config.md").read_text().partition("## Keys")[2]
    keys = {f"{key}=" for key in words(r"^\| `([A-Za-z]+)` \|", reference)}
    sections = words(r"^### (\[[^\]]+\])$", reference)
    return problems + missing("key", keys | sections, shown(pages["voxkeeper.conf.5"]))


def main(root, voxkeeper, voxkeeperd, *paths):
    pages = {Path(path).name: path for path in paths}
    problems = check_tools()
    for name, path in pages.items():
        problems += [f"{name}: {tool}: {said}" for tool, said in complaints(path).items() if said]
    problems += check_content(Path(root), voxkeeper, voxkeeperd, pages)
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main(*sys.argv[1:]))
