"""voxkeeper doctor: a machine that is short of memory."""

import signal
import subprocess
import sys
from pathlib import Path

import cgroups
import pytest
from daemon import BUILD
from diagnosing import MACHINE, apart, diagnosis, neighbour, well  # noqa: F401


def known(*checks):
    """What else the machine may have."""
    return {"Ignore": " ".join(name for name in MACHINE if name not in checks)}


# A machine is not brought to its end for a test: the kernel's files are others', as in a container.

def test_memory_of_which_little_is_left(apart, directory):
    seen = directory / "meminfo"
    real = Path("/proc/meminfo").read_text()
    seen.write_text(real)
    daemon = apart(binds={"/proc/meminfo": seen}, Doctor={"Provider": "", **known("host-memory")})
    total = int(real.split("MemTotal:")[1].split()[0])

    def leave(percent):
        lines = [f"MemAvailable: {total * percent // 100} kB" if line.startswith("MemAvailable:")
                 else line for line in real.splitlines()]
        seen.write_text("\n".join(lines) + "\n")

    leave(6)
    diagnosis(daemon)
    leave(4)
    finding = diagnosis(daemon, "host-memory")["host-memory"]
    assert f"{total * 4 // 100 // 1024}M of {total // 1024}M" in finding["evidence"]


def test_processes_that_wait_for_memory(apart, directory):
    seen = directory / "pressure"

    def wait(percent):
        seen.write_text(f"some avg10=0.00 avg60={percent:.2f} avg300=0.00 total=1\n"
                        "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")

    wait(9)
    daemon = apart(binds={"/proc/pressure/memory": seen},
                   Doctor={"Provider": "", **known("host-memory-pressure")})
    diagnosis(daemon)
    wait(35)
    check = "host-memory-pressure"
    assert "for 35% of the last minute" in diagnosis(daemon, check)[check]["evidence"]


@pytest.fixture
def limited():
    """A cgroup that may have little memory; its directory."""
    with cgroups.limited_memory("400M") as group:
        yield group


def test_the_kernel_kills_for_want_of_memory(limited, make_daemon, well, directory):
    enter = f"#!/bin/sh -e\necho $$ >{limited}/cgroup.procs\n"
    program = directory / "limited"
    program.write_text(f"{enter}exec {BUILD}/src/daemon/voxkeeperd \"$@\"\n")
    program.chmod(0o755)
    daemon = make_daemon(well(Doctor=known("host-oom-kills")), program=program)
    daemon.wait_event("worker-verified", 30)
    diagnosis(daemon)
    hog = f"{enter}exec {sys.executable} -c 'b = bytearray(1 << 30)'\n"
    assert subprocess.run(["sh", "-c", hog]).returncode == -signal.SIGKILL
    finding = diagnosis(daemon, "host-oom-kills")["host-oom-kills"]
    assert finding["evidence"].startswith("1 within ") and limited.name in finding["evidence"]
