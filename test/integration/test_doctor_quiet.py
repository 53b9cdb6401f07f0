"""voxkeeper doctor changes nothing, neither in Redis nor in the agent."""

import json
import threading

import pytest
from diagnosing import diagnosis, names, neighbour, report, start, well  # noqa: F401
from resp import Resp
from waiting import wait_for

# Longer than any test takes.
IDLE = 50000
SESSION = {"sessionId": "s", "agentId": "a", "conversationId": "c",
           "createdAt": "2026-01-01T00:00:00.000Z", "lastAccessedAt": "2026-01-01T00:00:00.000Z"}


def put(redis, name, value, ttl=3000):
    """A key that nobody has used for long."""
    text = value if isinstance(value, str) else json.dumps(value)
    redis.command("SET", "made", text)
    payload = redis.command("DUMP", "made")
    redis.command("DEL", "made")
    redis.command("RESTORE", name, str(ttl * 1000), payload, "IDLETIME", str(IDLE))


def fill(redis):
    """One of each kind, all of them well."""
    put(redis, "elevenlabs:session:s", SESSION)
    put(redis, "cursor_task:t", {"taskId": "t", "conversationId": "c", "pending": False,
                                 "createdAt": "2026-01-01T00:00:00.000Z"}, 80000)
    put(redis, "elevenlabs:conversation:c", {"conversationId": "c", "messages": []}, 0)
    put(redis, "somebody:else", "x", 0)


def state(redis):
    """{name: (expiry, value, idle)} of all there is; values last, since reading is use."""
    keys = sorted(redis.command("KEYS", "*"))
    idle = {key: redis.command("OBJECT", "IDLETIME", key) for key in keys}
    return {key: (redis.command("PEXPIRETIME", key), redis.command("DUMP", key), idle[key])
            for key in keys}


class Monitor:
    """What Redis is asked to do, by anybody, from now on."""

    def __init__(self, redis):
        self._lines = []
        self._connection = Resp(redis.socket)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        wait_for(lambda: b"cmd=monitor" in redis.command("CLIENT", "LIST"), 10)

    def _read(self):
        for line in self._connection.monitor():
            self._lines.append(line)

    def commands(self):
        return {line.split('"')[1].lower() for line in list(self._lines) if line.count('"') > 1}

    def close(self):
        self._connection.shut()
        self._thread.join()
        self._connection.close()


@pytest.fixture
def monitor(redis):
    made = []

    def begin():
        made.append(Monitor(redis))
        return made[-1]

    yield begin
    for one in made:
        one.close()


def test_no_command_writes(start, redis, monitor):
    daemon = start(Sweep={"Lease": "yes"})
    fill(redis)
    before = state(redis)
    seen = monitor()
    diagnosis(daemon)
    wait_for(lambda: {"scan", "dump", "info"} <= seen.commands(), 10, "its commands")
    writing = {name.decode().lower()
               for name in redis.command("COMMAND", "LIST", "FILTERBY", "ACLCAT", "write")}
    assert {"set", "unlink", "evalsha"} - writing == {"evalsha"}
    assert seen.commands() & (writing | {"exec", "eval", "evalsha", "config", "client|kill"}) == set()
    after = state(redis)
    assert {key: value[:2] for key, value in after.items()} == \
        {key: value[:2] for key, value in before.items()}


def test_keys_that_are_none_of_ours_stay_unused(start, redis):
    daemon = start()
    fill(redis)
    diagnosis(daemon)
    idle = {key: value[2] for key, value in state(redis).items()}
    assert idle[b"elevenlabs:conversation:c"] >= IDLE and idle[b"somebody:else"] >= IDLE


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-lru"])
def test_a_redis_that_makes_room_by_use_sees_no_use(start, redis, policy):
    daemon = start()
    fill(redis)
    redis.command("CONFIG", "SET", "maxmemory-policy", policy, "maxmemory", "1gb")
    found = report(daemon)
    assert names(found) == ["sessions-policy"]
    assert any(policy in gap["why"] for gap in found["gaps"]), found["gaps"]
    assert all(value[2] >= IDLE for value in state(redis).values())


def test_a_broken_value_stays_as_idle_as_it_was(start, redis):
    """For Redis it was used when we looked; a sweep has to know better."""
    daemon = start(Sweep={"Interval": "infinity"})
    put(redis, "elevenlabs:session:broken", "no JSON", 0)
    report(daemon)
    assert redis.command("OBJECT", "IDLETIME", "elevenlabs:session:broken") < IDLE
    done = daemon.cli("--json", "sweep", "--dry-run", check=True)
    (told,) = [line["finding"] for line in map(json.loads, done.stdout.splitlines())
               if "finding" in line]
    assert told["reason"] == "it is not JSON; idle for 13h 53min only", told
