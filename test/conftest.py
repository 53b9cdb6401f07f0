"""What holds for every pytest suite: no silent skips, and cleaning up when told to stop."""

import os
import signal
import sys

import processes
import pytest

MUST_RUN = os.environ.get("VOXKEEPER_MUST_RUN") == "1"


def pytest_configure():
    # test/run stops a suite with SIGTERM; fixtures must still be torn down.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    # What a daemon under test leaves behind becomes our child, so that we can see and end it.
    processes.adopt_orphans()
    # Programs under test must not take our own surroundings for theirs.
    for name in "NOTIFY_SOCKET", "JOURNAL_STREAM", "LISTEN_FDS", "LISTEN_PID", "WATCHDOG_USEC":
        os.environ.pop(name, None)
    sys.dont_write_bytecode = True


def fail_if_skipped(report):
    if MUST_RUN and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped under VOXKEEPER_MUST_RUN=1: {report.longrepr}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    outcome = yield
    fail_if_skipped(outcome.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report():
    outcome = yield
    fail_if_skipped(outcome.get_result())


def pytest_runtest_setup(item):
    needs_root = item.get_closest_marker("systemd") or item.get_closest_marker("root")
    if needs_root and os.geteuid() != 0:
        pytest.skip("needs root")
