"""restart_callers.py PORT: the callers of one agent, told by lines on stdin, answering in JSON.

begin WHAT     callers begin, with POST /callback or GET /health; answered at once
end            they end; answered with what they have seen since
kill PID WHAT  kills a process while callers call; answered when the agent answers again

A process of its own: it may have to run in another network, and nobody else's work delays it.
"""

import json
import os
import queue
import signal
import sys
import time

from load import Load
from load_kinds import Asker, Tool

PAUSE = 0.005  # between the calls of one caller: the machine is not to be what is measured
RETRY = 0.001
TIMEOUT = 5.0  # who waits longer for an answer gives up and counts as failed
PATIENCE = 60.0  # to be answered after a kill


class Observed:
    """Tells when each good answer came and when it was asked for."""

    answers = queue.SimpleQueue()

    def __init__(self, port):
        super().__init__(port, timeout=TIMEOUT)

    def call(self):
        time.sleep(self.pause)
        began = time.monotonic()
        stays = super().call()
        self.answers.put((began, time.monotonic()))
        return stays


def crowd_of(request):
    """The kinds of callers that make this request: four, and one who asks as often as he can."""

    class Passer(Observed, request):
        """A new connection for each request."""

        pause = PAUSE

    class Regular(Observed, request):
        """Keeps its connection for a hundred requests. For ever would not do: plain SIGTERM waits
        for such a caller, and refuses all others, until systemd loses its patience, which s6 never
        does."""

        keep_alive = True
        pause = PAUSE
        calls = 0

        def call(self):
            self.calls += 1
            return super().call() and self.calls % 100 != 0

    class Impatient(Passer):
        pause = RETRY

    return (Passer, Passer, Regular, Regular), Impatient


class Health(Asker):
    path = "/health"


CROWDS = {"callback": crowd_of(Tool), "health": crowd_of(Health)}


def seen(load):
    return {"done": load.done, "failed": load.failed, "worst_ms": round(load.worst * 1e3, 2)}


def kill(port, pid, impatient):
    """Milliseconds from the kill to the first good answer to whatever was asked after it; and how
    many of the requests failed meanwhile of one who asks every millisecond, by kind."""
    killed = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    with Load(port, impatient) as asking:
        while True:
            began, answered = Observed.answers.get(timeout=PATIENCE)
            if began > killed:
                return {"ms": round((answered - killed) * 1e3, 2), "failed": asking.failed}


def main():
    port = int(sys.argv[1])
    sys.setswitchinterval(0.001)
    load = None
    for line in sys.stdin:
        command, *arguments = line.split()
        answer = {}
        if command == "begin":
            load = Load(port, *CROWDS[arguments[0]][0]).__enter__()
        elif command == "end":
            load.stop()
            answer = seen(load)
        elif command == "kill":
            answer = kill(port, int(arguments[0]), CROWDS[arguments[1]][1])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
