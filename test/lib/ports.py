"""Ports for programs that cannot say which one they chose themselves."""

import random
import socket
from pathlib import Path

# Below what the kernel gives to connections on their way out: there, any caller's socket may take
# a port between our look and the program's bind.
FIRST = 15000
taken = []


def is_taken_here(port):
    """Whether another test on this machine has that port, though it may not have bound it yet; if
    not, it is ours for as long as this process lives."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0voxkeeper-test-port-{port}")
    except OSError:
        name.close()
        return True
    taken.append(name)
    return False


def free_port(host="127.0.0.1", tries=200):
    """A TCP port that nobody has bound, and that no other test will be given."""
    end = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(tries):
        port = random.randrange(FIRST, end)
        if is_taken_here(port):
            continue
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise AssertionError(f"no free port between {FIRST} and {end} in {tries} tries")


def is_listening(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def listening_port(pid):
    """The lowest TCP port of IPv4 on which the process listens; None if there is none."""
    sockets = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            sockets.add(str(descriptor.readlink()))
        except FileNotFoundError:
            pass
    ports = []
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
            ports.append(int(words[1].rpartition(":")[2], 16))
    return min(ports, default=None)
