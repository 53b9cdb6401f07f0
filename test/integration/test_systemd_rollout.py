"""kill -9 of voxkeeperd in every state of a rollout: it ends as it would have, and nobody is lost."""

import json
import subprocess

import pytest
from service import PORT
from waiting import wait_for

pytestmark = pytest.mark.systemd

SLOW = f"/bin/sh -c 'sleep 0.5; exec /usr/bin/node /opt/load/load_agent.cjs {PORT}'"
# Never healthy, and it does not go when it is asked to.
DEAF = "/bin/sh -c 'trap \"\" TERM; while :; do sleep 1; done'"


def passed(one, other):
    """Seconds between two entries of the journal."""
    return abs(int(other["__MONOTONIC_TIMESTAMP"]) - int(one["__MONOTONIC_TIMESTAMP"])) / 1e6


def state(quick):
    return json.loads(quick.cli("--json", "rollout").stdout)["state"]


@pytest.mark.parametrize("when, rollout", [
    ("began", {}),
    ("baking", {"Bake": "2s"}),
    ("rolling", {}),
    ("warm", {"KeepWarm": "2s"}),
])
def test_a_rollout_goes_on(quick, when, rollout):
    before = quick.serve(Agent={"ExecStart": SLOW}, Rollout=rollout)
    quick.mark()
    with quick.crowd() as crowd:
        quick.goes_on(crowd)
        asked = quick.box.popen("voxkeeper", "restart", stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)
        quick.event(f"rollout-{when}")
        quick.kill_main()
        quick.resumed()
        quick.event("restart-done")
        said, _ = asked.communicate(timeout=30)
        wait_for(lambda: not any(quick.is_alive(pid) for pid in before), what="their end")
        wait_for(lambda: state(quick) == "idle", what="the end of the rollout")
        quick.goes_on(crowd)
    assert crowd.failures == []
    # Whoever waited for it has heard of it.
    assert asked.returncode == 0, said
    assert quick.count("serving") == 2 and len(quick.left()) == 3
    # It did not begin anew.
    assert len(quick.events("worker-started")) == 2


def begin_bad_release(quick, **rollout):
    before = quick.serve(Agent={"TimeoutStopSec": "2s"})
    quick.mark()
    quick.configure(Agent={"ExecStart": DEAF, "TimeoutStartSec": "2500ms", "TimeoutStopSec": "2s"},
                    Rollout=rollout)
    return before


def test_it_goes_on_going_back(quick):
    before = begin_bad_release(quick)
    with quick.crowd() as crowd:
        quick.systemctl("reload", "--no-block")
        quick.event("rollout-going-back")
        quick.kill_main()
        quick.resumed()
        quick.event("rollout-rolled-back")
        wait_for(lambda: state(quick) == "idle", what="the end of the rollout")
        quick.goes_on(crowd)
    assert crowd.failures == []
    wait_for(lambda: quick.pids() == before, what="the end of the bad release")
    assert len(quick.left()) == 3
    assert len(quick.events("worker-started")) == 1


def test_it_is_still_held(quick):
    before = begin_bad_release(quick, OnFailure="hold")
    with quick.crowd() as crowd:
        quick.systemctl("reload", "--no-block")
        quick.event("rollout-held")
        quick.kill_main()
        quick.resumed()
        assert state(quick) == "hold"
        quick.systemctl("restart")
        assert state(quick) == "hold"
        quick.cli("rollout", "abort", check=False)
        quick.event("rollout-rolled-back")
        wait_for(lambda: state(quick) == "idle", what="the end of the rollout")
        quick.goes_on(crowd)
    assert crowd.failures == []
    wait_for(lambda: quick.pids() == before, what="the end of the bad release")
    assert len(quick.events("worker-started")) == 1


def test_a_reload_goes_on_though_nobody_waits_for_it(quick):
    before = quick.serve()
    quick.mark()
    quick.configure({"NEW": 1}, Agent={"ExecStart": SLOW})
    with quick.crowd() as crowd:
        asked = quick.box.popen("systemctl", "reload", "voxkeeper", stderr=subprocess.DEVNULL)
        quick.event("rollout-began")
        quick.kill_main()
        # The manager starts no other before its ExecReload= has ended: that must not wait for it.
        assert asked.wait(20) != 0
        ended = quick.entry(UNIT="voxkeeper.service", EXIT_CODE="killed", COMMAND="ExecStart")
        gave_up = quick.entry(UNIT="voxkeeper.service", COMMAND="ExecReload", EXIT_CODE="exited")
        assert passed(ended, gave_up) < 2.5
        quick.resumed()
        quick.event("config-reloaded")
        wait_for(lambda: not any(quick.is_alive(pid) for pid in before), what="their end")
    assert crowd.failures == []
    assert len(quick.events("worker-started")) == 2
