"""Redis goes and comes back: a zombie is replaced, an outage restarts nobody."""

import pytest
from container import sequence_number
from waiting import wait_for

pytestmark = pytest.mark.systemd

OUTAGE_SECONDS = 30


def wait_until_replaced(service, pid):
    zombie = service.event("worker-zombie")
    assert zombie["WORKER_PID"] == str(pid)
    assert '"redis":"disconnected"' in zombie["VOXKEEPER_PROBE_BODY"]
    assert service.event("worker-exited")["VOXKEEPER_CAUSE"] == "zombie"
    verified = service.event("worker-verified", count=2)
    wait_for(lambda: service.worker_pid() == int(verified["WORKER_PID"]), what="the new worker")
    assert service.ask("/health")["redis"] == "connected"


def test_a_worker_that_a_redis_restart_made_a_zombie_is_replaced(service):
    service.start()
    pid = service.worker_pid()
    # As with a large dump, Redis is away until the agent's client has given up for good: after its
    # third refused attempt. A connection that is reset is no attempt.
    errors = f"journalctl -q -o json WORKER_PID={pid} MESSAGE='error: Redis connection error'"
    service.box.write("/run/gap", f"until [ $({errors} | grep -c ECONNREFUSED) -ge 3 ]; do :; done\n")
    service.drop_in("[Service]\nExecStartPre=+sh /run/gap\n", unit="redis-server.service")
    service.box.run("systemctl", "restart", "redis-server")
    service.event("redis-down")
    service.event("redis-up", count=2)
    wait_until_replaced(service, pid)
    assert service.show("NRestarts") == "0"


def test_redis_down_for_half_a_minute_restarts_nothing(service):
    service.start(Health={"Interval": "1s", "FastInterval": "1s"})
    pid = service.worker_pid()
    session = {"sessionUrl": "wss://example.test/1", "sessionId": "kept"}
    service.ask("/agent-conversations/api/c1/session", "POST", session)
    service.box.run("systemctl", "stop", "redis-server")
    down = service.event("redis-down")
    service.event("worker-degraded")
    service.marked = sequence_number(down)
    last = service.entry(MESSAGE="info: Health check requested", count=OUTAGE_SECONDS,
                         deadline=OUTAGE_SECONDS * 2)
    lasted = int(last["__MONOTONIC_TIMESTAMP"]) - int(down["__MONOTONIC_TIMESTAMP"])
    assert lasted >= (OUTAGE_SECONDS - 2) * 1_000_000
    for name in "worker-exited", "worker-crashed", "worker-started", "worker-unhealthy":
        assert service.events(name) == []
    assert service.worker_pid() == pid
    assert service.show("ActiveState") == "active"
    assert "redis down" in service.show("StatusText")
    # Once Redis is back it is the worker that is at fault.
    service.box.run("systemctl", "start", "redis-server")
    assert service.event("worker-zombie")["WORKER_PID"] == str(pid)
    assert int(service.event("worker-verified")["WORKER_PID"]) != pid
