"""The bare tree itself: were anything of ours in it, the other tests would prove nothing."""

import pytest

pytestmark = pytest.mark.root


def test_nothing_of_ours_is_in_it(tree):
    script = "for command in git python3 gcc cc meson node npm redis-server curl; do " \
             "command -v $command || true; done; ls /etc/ssl/certs 2>/dev/null || true"
    assert tree.run(script).stdout == ""


def test_layers_do_not_stain_the_cached_tree(tree):
    tree.run("touch /stain")
    assert tree.run("test -e /stain").returncode == 0
    assert tree.run(f"test -e {tree.tree}/stain", check=False).returncode == 1


def test_a_failing_command_is_an_error(tree):
    with pytest.raises(AssertionError, match="the reason"):
        tree.run("echo the reason; exit 3")
