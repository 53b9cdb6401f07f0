"""README's second command, `test/run`, sets itself up on a bare Debian 12."""

import re

import pytest
from handbook import read

pytestmark = [pytest.mark.root, pytest.mark.timeout(1800)]


def test_test_run_sets_itself_up(tree):
    tree.clone()
    # Every suite is installed and built for; those that would take us back here are not run.
    _, second = read("README.md")["two-commands"].blocks[0].commands()
    command = second.partition("#")[0].strip()
    assert command == "test/run"
    tree.run(f"{command} --setup")
    assert tree.run("node --version").stdout.startswith("v18."), "not Debian's Node"
    first = tree.run("test/run --suite unit --suite agent").stdout
    assert re.search(r"^[1-9]\d* passed, 0 failed$", first, re.MULTILINE)
    collected = tree.run("/usr/bin/python3 -m pytest --collect-only -q test").stdout
    assert re.search(r"^\d+ tests collected", collected, re.MULTILINE)
    # With everything there, nothing asks for the network: no name can be resolved any more.
    again = tree.run("rm /etc/resolv.conf\nrm -rf /var/lib/apt/lists\ntest/run --suite unit").stdout
    assert "installing" not in again
