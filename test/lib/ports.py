"""Ports for programs that cannot say which one they chose themselves."""

import socket


def free_port(host="127.0.0.1"):
    """A TCP port that nobody listens on. The kernel hands such ports out in turn, so another
    program is unlikely to get the same one before ours has bound it."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, 0))
        return probe.getsockname()[1]


def is_listening(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
