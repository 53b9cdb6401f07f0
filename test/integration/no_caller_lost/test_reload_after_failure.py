"""A reload after one that failed, however it failed: callers hear of neither."""

import pytest


def refused(daemon, quick_config):
    """The configuration itself is no good."""
    daemon.configure({**quick_config(), "Health": {"Url": "/health", "Intervall": "1s"}})
    done = daemon.cli("reload")
    assert done.returncode == 1 and "Intervall" in done.stderr


def rolled_back(daemon, quick_config):
    daemon.configure(quick_config("never healthy", Agent={"TimeoutStartSec": "1s"},
                                  Health={"Timeout": "500ms"}))
    assert daemon.cli("reload").returncode == 4


@pytest.mark.parametrize("fail", [refused, rolled_back])
def test_a_good_reload_after_a_bad_one(make_served, quick_config, crowd, goes_on, fail):
    daemon = make_served()
    with crowd:
        for release in range(3):
            fail(daemon, quick_config)
            daemon.configure(quick_config(release=release + 1))
            daemon.cli("reload", check=True)
            goes_on(crowd)
    assert crowd.failures == []
