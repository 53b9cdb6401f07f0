"""A quick agent under constant load, of which not a single call may be lost."""

import shutil
from pathlib import Path

import pytest
from container import Container
from load import Load
from load_cuts import unaccounted, unexplained
from load_kinds import Asker, Poster, Regular, RegularPoster, Talker
from service import PORT, Service
from waiting import wait_for

AGENT = Path(__file__).resolve().parents[2] / "lib/load_agent.cjs"
CROWD = Asker, Regular, Poster, RegularPoster, Talker, Talker


@pytest.fixture
def cuts(directory):
    """The file in which faulty agents tell whom they are about to cut."""
    return directory / "cuts"


@pytest.fixture
def quick_config(directory, port, cuts):
    """quick_config(fault, release, **sections): everything happens within milliseconds that may.
    fault: of load_agent.cjs, or "not executable"."""
    lost = directory / "lost-its-interpreter"
    lost.write_text("#!/nonexistent/node\n")
    lost.chmod(0o755)

    def build(fault="", release=0, **sections):
        program = lost if fault == "not executable" else shutil.which("node")
        config = {
            "Agent": {"ExecStart": f"{program} {AGENT} {port}",
                      "Environment": [f'"FAULT={fault}"', f"CUT={cuts}", f"RELEASE={release}"],
                      "Listen": f"127.0.0.1:{port}", "Handover": "preload", "Workers": 2},
            "Health": {"Url": "/health", "ExpectJson": "status=ok", "Rise": 1,
                       "StartInterval": "10ms", "FastInterval": "50ms", "Interval": "200ms"},
            "Rollout": {"Bake": "50ms"},
            "Restart": {"Delay": "10ms", "MaxDelay": "50ms"},
            "Drain": {"Linger": 0, "WaitFor": "connections"},
        }
        for section, keys in sections.items():
            config[section] = {**config.get(section, {}), **keys}
        return config

    return build


@pytest.fixture
def crowd(port):
    """Every kind of caller at once, not calling yet."""
    return Load(port, *CROWD)


@pytest.fixture(scope="module")
def unit_box(installed):
    with Container(install=installed, bind={"/opt/load": AGENT.parent}) as box:
        yield box


@pytest.fixture
def unit(unit_box):
    """voxkeeper.service with the quick agent, not started, behind voxkeeper.socket; its `crowd` is
    in the container's network."""
    service = Service(unit_box)

    def release(number):
        service.configure(
            environment={"RELEASE": number},
            Agent={"ExecStart": f"/usr/bin/node /opt/load/{AGENT.name} {PORT}",
                   "Listen": str(PORT), "Workers": 2},
            Health={"ExpectJson": "status=ok", "DependencyJson": None, "Rise": 1,
                    "StartInterval": "20ms"},
            Rollout={"Bake": "100ms"}, Drain={"WaitFor": "connections"})

    release(0)
    service.release = release
    service.crowd = Load(PORT, *CROWD, network_of=unit_box.leader)
    unit_box.run("systemctl", "start", "voxkeeper.socket")
    yield service
    unit_box.run("systemctl stop voxkeeper.socket voxkeeper", deadline=60.0)
    service.reset()


@pytest.fixture
def make_served(make_daemon, quick_config):
    """make_served(**sections): a daemon whose workers all serve."""

    def make(**sections):
        config = quick_config(**sections)
        daemon = make_daemon(config)
        daemon.wait_event("worker-verified",
                          count=config["Agent"]["Workers"] + config["Agent"].get("Standby", 0))
        return daemon

    return make


@pytest.fixture
def account():
    """account(load, cuts): every failure was of a connection that died with one of these workers,
    and of every such connection it is known what became."""

    def check(load, cuts):
        assert unexplained(load, cuts) == []
        assert unaccounted(load, cuts) == []

    return check


@pytest.fixture
def goes_on():
    """goes_on(load): every caller is answered again, or still."""

    def check(load, deadline=10.0):
        before = load.by_kind.copy()
        wait_for(lambda: all(load.by_kind[kind.__name__] > before[kind.__name__] for kind in CROWD),
                 deadline, "a call of every kind")

    return check
