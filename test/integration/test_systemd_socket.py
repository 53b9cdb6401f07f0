"""voxkeeper.socket: callers wait in systemd's queue while the service is not there."""

from collections import Counter

import pytest
from service import PORT
from waiting import wait_for

pytestmark = pytest.mark.systemd

UNIT = "voxkeeper.socket"
# As many requests as four callers can make, until their file is gone; a line for each: the status,
# and what curl says of it. 400 is the right answer to a callback without an id.
CALLERS = f"""
    touch /run/calling
    for i in 1 2 3 4; do
        while [ -e /run/calling ]; do
            curl -s -o /dev/null --max-time 60 -w '%{{http_code}} %{{errormsg}}\\n' -X POST \\
                -H 'Content-Type: application/json' -d '{{}}' http://127.0.0.1:{PORT}/callback
        done &
    done
    wait
"""


class Callers:
    def __init__(self, box):
        self.box = box

    def __enter__(self):
        self.box.run("systemd-run", "--unit=callers", "-p", "StandardOutput=file:/run/answers",
                     "sh", "-c", CALLERS)
        return self

    def __exit__(self, *_):
        self.box.run("rm -f /run/calling")
        wait_for(lambda: self.box.run("systemctl", "is-active", "callers", check=False).returncode,
                 90, "the callers to end")

    @property
    def answers(self):
        return Counter(self.box.run("cat", "/run/answers").stdout.splitlines())

    @property
    def served(self):
        return self.answers["400 "]


@pytest.fixture
def socket_unit(service):
    """With the configuration that belongs to it; neither is started."""
    service.configure(Agent={"Listen": str(PORT)})
    yield service
    service.box.run(f"systemctl stop {UNIT} voxkeeper; rm -rf /run/systemd/system/{UNIT}.d;"
                    "rm -f /run/answers; systemctl daemon-reload", deadline=60.0)


def test_the_first_caller_starts_the_service_and_waits_for_it(socket_unit):
    socket_unit.box.run("systemctl", "start", UNIT)
    assert socket_unit.show("ActiveState") == "inactive"
    assert socket_unit.ask("/health")["redis"] == "connected"
    socket_unit.wait_show("ActiveState", "active")
    listeners = socket_unit.box.run(f"ss -Hltn 'sport = :{PORT}'").stdout.splitlines()
    assert len(listeners) == 1  # systemd's, and no other


def test_who_calls_while_it_is_stopped_is_served_by_the_next_start(socket_unit):
    socket_unit.box.run("systemctl", "start", UNIT)
    socket_unit.start()
    with Callers(socket_unit.box) as callers:
        for _ in range(3):
            before = callers.served
            wait_for(lambda before=before: callers.served > before + 20)
            socket_unit.systemctl("stop")
            # Whoever waits in the queue starts it again; else this does.
            socket_unit.systemctl("start")
        before = callers.served
        wait_for(lambda: callers.served > before + 20)
    assert set(callers.answers) == {"400 "}
    assert len(socket_unit.events("daemon-stopped")) == 3


def test_a_restart_of_the_service_refuses_nobody(socket_unit):
    socket_unit.box.run("systemctl", "start", UNIT)
    socket_unit.start()
    with Callers(socket_unit.box) as callers:
        wait_for(lambda: callers.served > 20)
        socket_unit.systemctl("restart")
        before = callers.served
        wait_for(lambda: callers.served > before + 20)
    assert set(callers.answers) == {"400 "}


def test_a_socket_that_no_listen_names_is_told(socket_unit):
    socket_unit.box.write(f"/run/systemd/system/{UNIT}.d/test.conf",
                          "[Socket]\nListenStream=127.0.0.1:3999\n")
    socket_unit.box.run("systemctl", "daemon-reload")
    socket_unit.box.run("systemctl", "start", UNIT)
    socket_unit.start()
    told = socket_unit.entry(PRIORITY="4", SYSLOG_IDENTIFIER="voxkeeperd")
    assert told["MESSAGE"] == (
        'callers at 127.0.0.1:3999 wait for ever: the service manager passed it as "public", and no '
        "Listen= in [Agent] names it")
    assert socket_unit.ask("/health")["redis"] == "connected"


def test_without_the_shim_the_port_is_not_left_to_the_worker(socket_unit):
    socket_unit.configure(Agent={
        "Listen": str(PORT), "TimeoutStartSec": "3s",
        "ExecStart": "/bin/sh -c '/usr/bin/node /opt/elevenlabs-agent/src/index.js; exit $?'"})
    socket_unit.box.run("systemctl", "start", UNIT)
    socket_unit.systemctl("start", "--no-block")
    missed = socket_unit.event("handover-missed")
    assert "service manager holds Listen=" in missed["MESSAGE"]
