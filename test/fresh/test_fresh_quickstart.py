"""README's first command, the quickstart, works on a bare Debian 12."""

import pytest
from handbook import read

pytestmark = [pytest.mark.root, pytest.mark.timeout(1800)]


def test_the_tour_runs(tree):
    tree.clone()
    first, _ = read("README.md")["two-commands"].blocks[0].commands()
    command = first.partition("#")[0].strip()
    assert command == "examples/quickstart/run"
    tree.run(f"{command} --tour")
    assert tree.run("node --version").stdout.startswith("v18."), "not Debian's Node"
