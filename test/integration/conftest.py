"""Fixtures: a private Redis, the reference agent's configuration, daemons, containers."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import container
import pytest
from daemon import BUILD, TOP, Daemon
from page import Page
from ports import free_port
from quick_service import QuickService
from redis_server import RedisServer
from service import Service

AGENT = TOP / "examples/elevenlabs-agent"


@pytest.fixture
def directory():
    """An empty directory with a short path: unix sockets allow about a hundred characters."""
    path = Path(tempfile.mkdtemp(prefix="vk-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def redis(directory):
    server = RedisServer(directory / "redis").start()
    yield server
    server.stop()


@pytest.fixture
def agent_directory():
    return AGENT


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def agent_config(redis, port):
    """A configuration that supervises the reference agent, quick enough for tests. Call it with
    sections to change; environment: the agent's, knobs included."""

    def build(environment=None, **sections):
        variables = {"PORT": port, "REDIS_URL": redis.url, "ELEVENLABS_AGENT_ENABLED": "true",
                     **(environment or {})}
        config = {
            "Agent": {"ExecStart": f"{shutil.which('node')} {AGENT}/src/index.js",
                      "Environment": [f"{name}={value}" for name, value in variables.items()],
                      "Listen": f"127.0.0.1:{port}", "Handover": "none"},
            "Health": {"Url": "/health", "ExpectStatus": 200,
                       "ExpectJson": "status=ok redis=connected", "DependencyJson": "redis",
                       "Interval": "200ms", "Timeout": "2s", "StartInterval": "50ms"},
            "Restart": {"Delay": "50ms"},
            "Drain": {"Linger": "0", "Timeout": "10s"},
            "Redis": {"Url": redis.url},
        }
        for section, keys in sections.items():
            config[section] = {**config.get(section, {}), **keys}
        return config

    return build


@pytest.fixture
def sleeper_config():
    """A configuration whose workers do nothing and are well as long as they live."""

    def build(**agent):
        return {"Agent": {"ExecStart": "/bin/sleep 600", **agent},
                "Probe alive": {"Type": "exec", "Command": "/bin/true"},
                "Health": {"Interval": "1s", "StartInterval": "50ms"},
                "Drain": {"Linger": "0", "Timeout": "10s"}}

    return build


@pytest.fixture
def make_daemon(directory):
    """make_daemon(sections): a started Daemon; several may run. All are gone after the test."""
    daemons = []

    def make(sections, *options, start=True, **keywords):
        daemon = Daemon(directory / f"daemon{len(daemons)}", sections)
        daemons.append(daemon)
        return daemon.start(*options, **keywords) if start else daemon

    yield make
    for daemon in daemons:
        daemon.close()


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """What `meson install` puts onto a system, below a directory of its own."""
    tree = tmp_path_factory.mktemp("installed")
    options = subprocess.run(["meson", "introspect", "--buildoptions", BUILD], text=True,
                             stdout=subprocess.PIPE, check=True).stdout
    prefix = next(option["value"] for option in json.loads(options) if option["name"] == "prefix")
    assert prefix == "/usr", f"{BUILD} is configured for {prefix}; meson configure -Dprefix=/usr"
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", tree],
                   check=True)
    return tree


@pytest.fixture
def make_container(installed):
    """make_container(): a booted Container with voxkeeper installed and the reference agent at
    /opt/elevenlabs-agent. All are gone after the test."""
    boxes = []

    def make(**options):
        options.setdefault("install", installed)
        options.setdefault("bind", {"/opt/elevenlabs-agent": AGENT})
        box = container.Container(**options)
        boxes.append(box)
        return box.__enter__()

    yield make
    for box in boxes:
        box.close()


@pytest.fixture(scope="module")
def service_box(installed):
    bind = {"/opt/elevenlabs-agent": AGENT, "/opt/load": container.LIB}
    with container.Container(install=installed, bind=bind) as box:
        yield box


@pytest.fixture
def service(service_box):
    """voxkeeper.service, not started, in a container that the tests of one file share."""
    service = Service(service_box)
    yield service
    service.reset()


@pytest.fixture
def quick(service_box):
    """The same with an agent that starts at once, for callers in numbers."""
    service = QuickService(service_box)
    yield service
    service.reset()


@pytest.fixture
def page(request, service):
    """The section that the test's mark names. A test that passes has run every block of it."""
    (mark,) = request.node.iter_markers("section")
    opened = Page(service, *mark.args, **mark.kwargs)
    failed = request.session.testsfailed
    yield opened
    if request.session.testsfailed == failed:
        opened.finish()


@pytest.fixture(scope="session", autouse=True)
def no_leftovers():
    container.remove_stale()
