"""README's first command, the quickstart, works on a bare Debian 12."""

import pytest

pytestmark = [pytest.mark.root, pytest.mark.timeout(1800)]


def test_the_tour_runs(tree):
    tree.clone()
    tree.run("examples/quickstart/run --tour")
    assert tree.run("node --version").stdout.startswith("v18."), "not Debian's Node"
