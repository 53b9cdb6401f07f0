"""The load generator misses nothing: whatever a server does to a call is counted, once, by its name."""

import re
import socket
import struct
import threading

import pytest
from load import Load
from load_cuts import Cut, unaccounted, unexplained
from load_kinds import Asker, Poster, Regular, Talker
from ports import free_port
from waiting import wait_for

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n"


class Impatient(Regular):
    def __init__(self, port):
        super().__init__(port, timeout=0.2)


class Server:
    """Treats every connection as `treat` does, whose end closes it; counts them."""

    def __init__(self, treat):
        self.treat = treat
        self.treated = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.treat(connection)
            self.treated += 1


def read(connection):
    """A whole request, or what is said in a call; our callers wait for an answer to it."""
    data = connection.recv(65536)
    length = re.search(rb"Content-Length: (\d+)", data)
    while length and len(data) < data.index(b"\r\n\r\n") + 4 + int(length[1]):
        data += connection.recv(65536)
    return data


def close_at_once(connection):
    pass


def close_unanswered(connection):
    read(connection)


def reset(connection):
    read(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def answer(*parts):
    def treat(connection):
        for part in parts:
            if not read(connection):
                return
            connection.sendall(part)

    return treat


def leave_unanswered(connection):
    while read(connection):
        pass


CASES = {
    "closed before a request": (close_at_once, Asker, {"closed", "reset"}),
    "closed instead of an answer": (close_unanswered, Asker, {"closed"}),
    "reset": (reset, Asker, {"reset"}),
    "half a head": (answer(OK[:20]), Asker, {"cut short"}),
    "half a body": (answer(OK[:-2]), Asker, {"cut short"}),
    "no body": (answer(OK[:-5]), Asker, {"cut short"}),
    "more than a body": (answer(OK + b"!"), Asker, {"too long"}),
    "no length": (answer(b"HTTP/1.1 200 OK\r\n\r\nhello"), Asker, {"no length"}),
    "no HTTP": (answer(b"hello\r\n\r\n"), Asker, {"no HTTP"}),
    "an error": (answer(OK.replace(b"200", b"502")), Asker, {"status 502"}),
    "another's body": (answer(OK), Poster, {"wrong body"}),
    "no answer": (leave_unanswered, Impatient, {"timeout"}),
    "no upgrade": (answer(OK), Talker, {"status 200"}),
    "another's words": (answer(UPGRADED, b"?" * 160), Talker, {"wrong body"}),
    "half a word": (answer(UPGRADED, b"?"), Talker, {"cut short"}),
    "hung up on": (answer(UPGRADED), Talker, {"closed", "reset"}),
}


@pytest.mark.parametrize("what", CASES)
def test_each_failure_is_counted_by_its_name(what):
    treat, kind, names = CASES[what]
    with Server(treat) as server:
        with Load(server.port, kind) as load:
            wait_for(lambda: load.failures)
            wait_for(lambda: server.treated > 3)
        assert set(load.failed) <= names and load.done == 0
        # Neither forgotten nor counted twice.
        wait_for(lambda: server.treated == len(load.failures))


def test_a_refused_connect_is_counted():
    with Load(free_port(), Asker) as load:
        wait_for(lambda: len(load.failures) > 3)
    assert set(load.failed) == {"refused"} and load.done == 0
    assert {failure.local_port for failure in load.failures} == {0}


def test_a_connection_closed_without_a_word_is_counted():
    """HTTP allows the server to do so; but whoever has just asked is cut."""
    with Server(answer(OK)) as server, Load(server.port, Regular) as load:
        wait_for(lambda: load.failures)
    assert set(load.failed) <= {"closed", "reset"} and load.done > 0


def test_one_that_was_announced_is_not():
    with Server(answer(OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"))) as server:
        with Load(server.port, Regular) as load:
            wait_for(lambda: load.done > 3)
    assert load.failures == []


def test_failures_must_have_been_in_the_hands_of_who_was_cut():
    with Server(close_unanswered) as server, Load(server.port, Asker) as load:
        wait_for(lambda: load.failures)
    first = load.failures[0]
    during = (first.opened + first.at) / 2
    mine = Cut(1, during, frozenset([first.local_port]))
    assert first not in unexplained(load, [mine]) and unaccounted(load, [mine]) == []
    for other in (Cut(1, during, frozenset()),  # another's connection
                  Cut(1, first.at + 1, mine.peers),  # it failed before
                  Cut(1, first.opened - 1, mine.peers)):  # it was opened afterwards
        assert first in unexplained(load, [other])
    nobody = max(failure.local_port for failure in load.failures) + 1
    assert unaccounted(load, [Cut(1, during, frozenset([nobody]))]) == [(1, {nobody})]
