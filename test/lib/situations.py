"""What the runbook's situations have in common: releases on the disk, a caller, incidents that come
as soon as their cause does."""

import contextlib
import json

from service import PORT
from waiting import read_lines, wait_for

RELEASES = "/srv/elevenlabs-agent"
# What takes seconds elsewhere must not be waited for here.
PACE = {"Incidents": {"Patience": "0.01"},
        "Rollout": {"Bake": "100ms", "KeepWarm": "0"},
        "Restart": {"Delay": "50ms", "MaxDelay": "300ms", "LoopAfter": "3"}}
DEPLOYED = {"WorkingDirectory": f"{RELEASES}/current", "Release": f"{RELEASES}/current/RELEASE",
            "ExecStart": "/usr/bin/node src/index.js"}


def paced(**sections):
    """PACE with some keys changed or added."""
    return {name: {**PACE.get(name, {}), **sections.get(name, {})} for name in {**PACE, **sections}}


def begin(service, environment=None, wait=True, **sections):
    """Started at that pace. wait=False: also where nothing becomes healthy."""
    service.configure(environment, **paced(**sections))
    service.systemctl("start", *([] if wait else ["--no-block"]))
    return service


def release(box, name, *faults):
    """Unpacks a release of the agent; `faults` are its own, whatever environment it runs in."""
    place = f"{RELEASES}/releases/{name}"
    box.run(f"mkdir -p {place}; cp -r /opt/elevenlabs-agent/src /opt/elevenlabs-agent/package.json"
            f" {place}; ln -sfn /opt/elevenlabs-agent/node_modules {place}/node_modules")
    box.write(f"{place}/RELEASE", f"{name}\n")
    box.write(f"{place}/.env", "".join(f"{fault}\n" for fault in faults))


def link(box, name):
    box.run("ln", "-sfn", f"releases/{name}", f"{RELEASES}/current")


def serving_releases(service):
    return {worker["release"] for worker in service.workers() if worker["state"] == "serving"}


def register(service, session):
    """A session of a caller, as the agent keeps it."""
    body = {"sessionUrl": "wss://example.test/1", "sessionId": session}
    return service.ask("/agent-conversations/api/c1/session", "POST", body)


@contextlib.contextmanager
def caller(service):
    """Somebody with a live connection to the agent; what the block yields hangs up."""
    script = f"exec 3<>/dev/tcp/127.0.0.1/{PORT}; echo connected; read -r"
    process = service.box.popen("bash", "-c", script, stdin=-1, stdout=-1)

    def hang_up():
        if not process.stdin.closed:
            process.communicate(b"\n", timeout=10)

    try:
        assert next(read_lines(process.stdout, 10)) == b"connected"
        yield hang_up
    finally:
        hang_up()


def fill_redis(box, keys, age="2020-01-01T00:00:00.000Z"):
    """Tasks that nobody will answer any more, and one conversation, which is to stay."""
    task = json.dumps({"pending": True, "createdAt": age}, separators=(",", ":"))
    for key in keys:
        box.run("redis-cli", "SET", key, task)
    box.run("redis-cli", "SET", "elevenlabs:conversation:kept", "{}")


def wait_serving(service, deadline=30):
    wait_for(lambda: any(worker["state"] == "serving" for worker in service.workers()), deadline,
             "a worker that serves")
