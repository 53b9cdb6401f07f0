"""What turns.c wrote of a loop that it was preloaded into."""

import struct

from daemon import BUILD

LIBRARY = BUILD / "test/bench/bench-turns.so"
STEP, STEPS = 10, 2048  # as there
FORMAT = f"=QQQ{STEPS}Q"
LONG = 5000  # microseconds of the processor


class Turns:
    def __init__(self, path):
        self.path = path

    def env(self):
        """What lets a program be watched; nothing in a build that cannot."""
        if not LIBRARY.exists():
            return {}
        return {"BENCH_TURNS": str(self.path), "LD_PRELOAD": str(LIBRARY)}

    def forget(self):
        if self.path.exists():
            with self.path.open("r+b") as file:
                file.write(bytes(struct.calcsize(FORMAT)))

    def longest(self):
        """In microseconds of the processor and by the clock, and how many took LONG or longer;
        nothing in a build that cannot tell."""
        if not self.path.exists():
            return {}
        n, cpu, wall, *turns = struct.unpack(FORMAT, self.path.read_bytes())
        return {"turns": n, "turns_long": sum(turns[LONG // STEP:]), "turn_cpu": cpu,
                "turn_wall": wall}

    def waits(self, wall):
        """How long who comes at any moment of `wall` seconds waits for the turn under way to end,
        by what the turns take of the processor: so other work on the machine does not show."""
        if not self.path.exists():
            return {}
        turns = struct.unpack(FORMAT, self.path.read_bytes())[3:]
        longer, above, found = 0, 0, {}
        # From the longest down: for how many microseconds more than `step` is left of a turn.
        for step in range(STEPS - 1, -1, -1):
            above += longer * STEP + turns[step] * STEP / 2
            longer += turns[step]
            for name, share in (("wait_p99", .01), ("wait_p50", .5)):
                if name not in found and above > share * wall * 1e6:
                    found[name] = step * STEP
        return {"wait_p50": 0, "wait_p99": 0} | found
