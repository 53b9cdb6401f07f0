"""voxkeeper doctor: each failure is made for real, and it names exactly that."""

import contextlib
import ctypes
import http.client
import json
import re
import resource
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from agent import ask_half, fault, request
from daemon import BUILD, TOP
from diagnosing import (MACHINE, PROGRAMS, alone, apart, diagnosis, names,  # noqa: F401
                        neighbour, paste, report, start, well)
from neighbour import certificate
from ports import free_port, is_listening
from redis_server import RedisServer
from resp import RedisError
from waiting import wait_for

# The agent.

def test_a_healthy_agent_has_nothing(start):
    daemon = start()
    assert diagnosis(daemon) == {}
    done = daemon.cli("doctor")
    assert done.returncode == 0 and "nothing is wrong" in done.stdout


def test_a_wrong_port(make_daemon, well, port):
    other = free_port()
    daemon = make_daemon(well({"PORT": other}))
    wait_for(lambda: is_listening(other), 30, "the agent to listen")
    wait_for(lambda: "agent-wrong-port" in names(report(daemon)), 30, "the finding")
    finding = diagnosis(daemon, "agent-wrong-port")["agent-wrong-port"]
    assert f"listens on {other} and not on {port}" in finding["evidence"]


def test_running_and_not_listening(make_daemon, well, port):
    with socket.socket(socket.AF_INET6) as taken:
        taken.bind(("::", port))
        daemon = make_daemon(well())
        daemon.wait_event("worker-started", 30)
        wait_for(lambda: "agent-not-listening" in names(report(daemon)), 30, "the finding")
        diagnosis(daemon, "agent-not-listening")


def test_a_hang(start, port):
    daemon = start()
    fault(port, "hang")
    found = diagnosis(daemon, "agent-hangs")["agent-hangs"]
    assert found["subject"] == "worker 1" and "/health: nothing within" in found["evidence"]


def test_a_health_that_is_broken(start, port):
    daemon = start()
    assert request(port, "POST", "/__fault/health?mode=wrong")[0] == 200
    assert "broken" in diagnosis(daemon, "agent-unhealthy")["agent-unhealthy"]["evidence"]


def test_a_zombie(start, port):
    daemon = start()
    fault(port, "zombie")
    daemon.wait_event("worker-suspect", 20)
    finding = diagnosis(daemon, "agent-lost-redis")["agent-lost-redis"]
    assert '/config/health says "connected"' in finding["evidence"].replace("\\", "")


def test_an_agent_that_knows_another_redis(make_daemon, well):
    daemon = make_daemon(well({"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}))
    daemon.wait_event("worker-started", 30)
    wait_for(lambda: "agent-redis-unreachable" in names(report(daemon)), 60, "the finding")
    found = diagnosis(daemon, "agent-redis-unreachable")["agent-redis-unreachable"]
    assert '/config/health says "disconnected"' in found["evidence"].replace("\\", "")


def test_the_feature_flag_is_off(start):
    daemon = start({"ELEVENLABS_AGENT_ENABLED": "false"})
    diagnosis(daemon, "agent-disabled")
    explained = {(one["check"], one["by"]) for one in report(daemon)["explained"]}
    assert explained == {("webhook-disabled", "agent-disabled")}


def test_no_api_key(start):
    diagnosis(start({"ELEVENLABS_API_KEY": ""}), "agent-no-api-key")


def test_exits_by_cause(start, port):
    daemon = start()
    fault(port, "crash")
    daemon.wait_event("worker-verified", 30, count=2)
    assert "1 x crash" in diagnosis(daemon, "agent-exits")["agent-exits"]["evidence"]


def test_a_crash_loop(make_daemon, well):
    daemon = make_daemon(well({"FAULT_EXIT_CODE": 7}))
    daemon.wait_event("worker-crash-loop", 30)
    finding = wait_for(lambda: diagnosis(daemon, "agent-crash-loop"), 30)["agent-crash-loop"]
    assert "exit code 7" in finding["evidence"]


def test_memory_that_grows(start):
    program = f"{shutil.which('node')} {PROGRAMS}/leaking.cjs"
    daemon = start({"ANSWER": 400}, Agent={"ExecStart": program},
                   Doctor={"SampleInterval": "100ms"})
    check = "agent-memory-grows"
    finding = wait_for(lambda: diagnosis(daemon, check), 90, "growth to be seen")[check]
    assert finding["subject"] == "worker 1" and "grew from" in finding["evidence"]


def test_descriptors_of_the_agent(start, port):
    daemon = start(Agent={"LimitNOFILE": 100})
    with contextlib.ExitStack() as callers:
        # It may not take as many as there is room for: others are open already.
        for _ in range(60):
            callers.enter_context(ask_half(port))
        diagnosis(daemon, "agent-descriptors")


def test_a_clock_that_is_wrong(start, well):
    daemon = start()
    well.providers[0].skew = 3600
    diagnosis(daemon)
    well.providers[1].skew = 3600
    finding = diagnosis(daemon, "agent-clock-skew")["agent-clock-skew"]
    seconds = int(re.search(r"is ([+-]\d+) s off", finding["evidence"])[1])
    assert -3660 < seconds < -3540


# Webhooks.

def test_a_wrong_secret(start, port):
    daemon = start()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        body = json.dumps({"agent_id": "a", "session_id": "s", "tool_name": "t"})
        connection.request("POST", "/agent-tools", body, {
            "Content-Type": "application/json", "X-Webhook-Secret": "not sesame"})
        assert connection.getresponse().status == 401
    daemon.wait_line(stream="stdout", level="warning")
    diagnosis(daemon, "webhook-secret")


def test_another_program_answers_webhooks(start):
    program = f"{shutil.which('node')} {PROGRAMS}/leaking.cjs"
    daemon = start({"LEAK": "0"}, Agent={"ExecStart": program})
    assert "status 404" in diagnosis(daemon, "webhook-answer", "callback-url")["webhook-answer"]["evidence"]


def test_the_public_address(start, neighbour, directory):
    good = certificate(directory, "good")
    public = neighbour(status=400, certificate=good)
    daemon = start(Doctor={"PublicUrl": public.url, "CaFile": good[0]})
    diagnosis(daemon)
    public.status = 200
    diagnosis(daemon, "public-elsewhere")
    public.close()
    diagnosis(daemon, "public-unreachable")


def test_a_clock_that_is_so_wrong_that_nobody_can_be_asked(start, neighbour, directory):
    pair = certificate(directory, "future", begin=500 * 86400, days=900)
    providers = [neighbour(certificate=pair), neighbour(certificate=pair)]
    daemon = start(Doctor={"Provider": " ".join(one.url for one in providers), "CaFile": pair[0]})
    assert "not yet valid" in diagnosis(daemon, "agent-clock-skew")["agent-clock-skew"]["evidence"]
    assert {(one["check"], one["by"]) for one in report(daemon)["explained"]} >= {
        ("network-tls", "agent-clock-skew")}


def test_a_certificate_for_another_name(start, neighbour, directory):
    pair = certificate(directory, "other", host="127.0.0.2")
    public = neighbour(status=400, certificate=pair)
    daemon = start(Doctor={"PublicUrl": public.url, "CaFile": pair[0]})
    finding = diagnosis(daemon, "public-certificate")["public-certificate"]
    assert "no alternative certificate subject name" in finding["evidence"]


@pytest.mark.parametrize("days, check", [(-1, "public-certificate"), (5, "public-certificate-expires")])
def test_the_certificate(start, neighbour, directory, days, check):
    pair = certificate(directory, "c", days)
    public = neighbour(status=400, certificate=pair)
    finding = diagnosis(start(Doctor={"PublicUrl": public.url, "CaFile": pair[0]}), check)[check]
    # Of five days less what the test took, or more: a certificate counts whole seconds.
    assert re.search("expired" if days < 0 else "in [45] days", finding["evidence"])


def test_a_chain_that_is_not_trusted(start, neighbour, directory):
    public = neighbour(status=400, certificate=certificate(directory, "c"))
    diagnosis(start(Doctor={"PublicUrl": public.url}), "public-certificate")


# Callbacks and sessions.

def iso(seconds_ago):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - seconds_ago))


def put_task(redis, name, age, **members):
    value = {"taskId": name, "conversationId": "c-gone", "pending": True, "createdAt": iso(age),
             "wsUrl": "wss://x", **members}
    redis.command("SET", f"cursor_task:{name}", json.dumps(value), "EX", str(86400 - age))


def put_session(redis, name, *options, age=0, **metadata):
    value = {"sessionId": name, "agentId": "a", "conversationId": f"c-{name}",
             "createdAt": iso(age), "lastAccessedAt": iso(age), "metadata": metadata}
    redis.command("SET", f"elevenlabs:session:{name}", json.dumps(value), *options)


def test_a_task_that_waits_for_too_long(start, redis):
    daemon = start()
    put_session(redis, "s", "EX", "3600")
    put_task(redis, "young", 600, conversationId="c-s")
    diagnosis(daemon)
    put_task(redis, "old", 7200, conversationId="c-s")
    finding = diagnosis(daemon, "callback-tasks-old")["callback-tasks-old"]
    assert "1 for too long, such as cursor_task:old" in finding["evidence"]
    assert "1 for up to 1h, 1 up to 1d" in finding["evidence"]


def test_a_task_whose_session_is_gone(start, redis):
    daemon = start()
    put_task(redis, "lonely", 600)
    finding = diagnosis(daemon, "callback-orphans")["callback-orphans"]
    assert "cursor_task:lonely" in finding["evidence"]


def test_callbacks_that_do_not_lead_back(start, neighbour):
    elsewhere = neighbour(status=404, body="{}")
    finding = diagnosis(start({"ELEVENLABS_AGENT_URL": elsewhere.url}), "callback-url")["callback-url"]
    assert elsewhere.url in finding["evidence"]


def test_callbacks_that_lead_to_another_agent(start, make_daemon, well):
    other = free_port()
    make_daemon(well({"PORT": other, "ELEVENLABS_AGENT_ID": "agent-2"},
                     Agent={"Listen": f"127.0.0.1:{other}"})).wait_event("worker-verified", 30)
    daemon = start({"ELEVENLABS_AGENT_URL": f"http://127.0.0.1:{other}"})
    assert "another agent" in diagnosis(daemon, "callback-url")["callback-url"]["evidence"]


def test_the_runner_is_down(start, well):
    daemon = start()
    well.runner.status = 500
    assert "status 500" in diagnosis(daemon, "callback-runner")["callback-runner"]["evidence"]
    well.runner.close()
    assert "refused" in diagnosis(daemon, "callback-runner")["callback-runner"]["evidence"]


def test_sessions_with_a_ttl_that_is_none_of_the_agents(start, redis):
    daemon = start()
    put_session(redis, "well", "EX", "3600")
    diagnosis(daemon)
    put_session(redis, "immortal")
    finding = diagnosis(daemon, "sessions-no-ttl")["sessions-no-ttl"]
    assert "elevenlabs:session:immortal" in finding["evidence"]
    put_session(redis, "long", "EX", "360000")
    diagnosis(daemon, "sessions-no-ttl", "sessions-odd-ttl")


def test_sessions_older_than_their_own_end(start, redis):
    daemon = start()
    put_session(redis, "s", "EX", "3000", age=600, expiresAt=iso(300))
    diagnosis(daemon, "sessions-outlived")


def test_evictions(start, redis):
    daemon = start()
    redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    diagnosis(daemon)
    redis.command("CONFIG", "SET", "maxmemory", "1gb")
    paste(diagnosis(daemon, "sessions-policy")["sessions-policy"]["command"])
    diagnosis(daemon)
    redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    used = int(re.search(rb"used_memory:(\d+)", redis.command("INFO", "memory"))[1])
    redis.command("CONFIG", "SET", "maxmemory", str(used + 500000))
    for i in range(2000):
        redis.command("SET", f"filler:{i}", "x" * 1000)
    finding = diagnosis(daemon, "sessions-evicted")["sessions-evicted"]
    assert "maxmemory-policy allkeys-lru" in finding["evidence"]


# Redis.

def test_a_stopped_redis_is_one_finding(start, redis):
    daemon = start()
    redis.stop()
    daemon.wait_event("redis-down", 20)
    finding = diagnosis(daemon, "redis-refused")["redis-refused"]
    assert str(redis.port) in finding["evidence"] and "refused" in finding["evidence"]


def test_a_redis_that_hangs(start, redis):
    daemon = start()
    redis.pause()
    try:
        # The agent asks Redis before it answers /health, which is no fault of its own.
        diagnosis(daemon, "redis-silent")
    finally:
        redis.resume()


def test_credentials_that_are_refused(start, redis):
    daemon = start()
    redis.command("CONFIG", "SET", "requirepass", "changed")
    assert "NOAUTH" in diagnosis(daemon, "redis-auth")["redis-auth"]["evidence"]


def test_rights_that_are_missing_are_named(start, redis, directory):
    rule = (TOP / "examples/redis/voxkeeper.acl").read_text().strip().replace(">PASSWORD", ">pw")
    user = rule.split()[2]
    redis.command(*rule.split())
    password = directory / "password"
    password.write_text("pw\n")
    daemon = start(Redis={"Username": user, "PasswordCredential": password})
    diagnosis(daemon)
    before = redis.command("DBSIZE")
    redis.command("ACL", "SETUSER", user, "-dump", "-unlink")
    finding = diagnosis(daemon, "redis-rights")["redis-rights"]
    assert finding["evidence"].endswith("missing +dump +unlink")
    paste(finding["command"])
    diagnosis(daemon)
    redis.command("ACL", "SETUSER", user, "resetkeys", "~elevenlabs:session:*",
                  "~voxkeeper:lease:*")
    finding = diagnosis(daemon, "redis-rights")["redis-rights"]
    assert "missing ~cursor_task:*" in finding["evidence"]
    paste(finding["command"])
    diagnosis(daemon)
    assert redis.command("DBSIZE") == before


def test_a_redis_that_loads(well, make_daemon, directory):
    server = RedisServer(directory / "loading", "--enable-debug-command", "local",
                         persist=True).start()
    try:
        config = well({"REDIS_URL": server.url}, Redis={"Url": server.url})
        daemon = make_daemon(config)
        daemon.wait_event("worker-verified", 30)
        with server.connect() as connection:
            connection.command("DEBUG", "POPULATE", "10000", "filler", "1")
            connection.command("BGREWRITEAOF")
        wait_for(lambda: has_rewritten(server), 30, "its file to be written")
        server.stop()
        server.options += ["--key-load-delay", "2000",
                           "--loading-process-events-interval-bytes", "1024"]
        server.start(wait=False)
        wait_for(lambda: loads(server), 30, "Redis to load")
        diagnosis(daemon, "redis-loading")
    finally:
        server.kill()


def has_rewritten(server):
    told = server.command("INFO", "persistence")
    return all(words in told for words in (b"aof_rewrites:1", b"aof_rewrite_in_progress:0",
                                           b"aof_rewrite_scheduled:0"))


def loads(server):
    try:
        server.command("PING")
    except RedisError as error:
        return "LOADING" in str(error)
    except OSError:
        pass
    return False


def test_a_replica(start, redis):
    daemon = start()
    redis.command("REPLICAOF", "127.0.0.1", str(free_port()))
    finding = diagnosis(daemon, "redis-replica")["redis-replica"]
    assert "lost its master" in finding["evidence"]


def test_a_redis_that_cannot_save(start, redis):
    daemon = start()
    (redis.directory / "dump.rdb").mkdir()
    redis.command("CONFIG", "SET", "save", "3600 100000")
    redis.command("SET", "filler", "x")
    redis.command("BGSAVE")
    wait_for(lambda: b"rdb_last_bgsave_status:err" in redis.command("INFO", "persistence"))
    try:
        assert "MISCONF" in diagnosis(daemon, "redis-persistence")["redis-persistence"]["evidence"]
    finally:
        redis.command("CONFIG", "SET", "save", "")  # it would not end without having saved


def test_a_redis_without_memory(start, redis):
    daemon = start()
    used = int(re.search(rb"used_memory:(\d+)", redis.command("INFO", "memory"))[1])
    redis.command("CONFIG", "SET", "maxmemory", str(used - 100000))
    assert "OOM" in diagnosis(daemon, "redis-memory")["redis-memory"]["evidence"]


def test_a_redis_that_is_slow(start, redis):
    daemon = start()
    done = threading.Event()

    def hold_up():
        with redis.connect() as connection:
            while not done.is_set():
                connection.command("CLIENT", "PAUSE", "400", "ALL")

    thread = threading.Thread(target=hold_up)
    thread.start()
    try:
        diagnosis(daemon, "redis-slow")
    finally:
        done.set()
        thread.join()


def test_connections_that_redis_refused(start, redis):
    daemon = start()
    with redis.connect() as connection:
        connection.command("CONFIG", "SET", "maxclients", "1")
        with socket.create_connection(("127.0.0.1", redis.port)) as extra:
            assert b"max number of clients" in extra.recv(200)
        connection.command("CONFIG", "SET", "maxclients", "10000")
    diagnosis(daemon, "redis-clients")


# The network. What is far away is in a network namespace of the daemon's own: see `apart`.

@pytest.mark.parametrize("url, check, words", [
    ("https://provider.test", "network-dns", "name resolution"),
    ("http://198.51.100.1", "network-route", "routing failed"),
    ("http://192.0.2.2", "network-tcp", "it waited for: TCP connection"),
])
def test_a_provider_that_is_not_reached(apart, url, check, words):
    daemon = apart(Doctor={"Provider": url})
    finding = diagnosis(daemon, check)[check]
    assert words in finding["evidence"] and finding["subject"] == url.split("//")[1]


def test_a_name_server_that_drops_packets(apart):
    daemon = apart(server="192.0.2.2", Doctor={"Provider": "https://provider.test"})
    assert "nothing within" in diagnosis(daemon, "network-dns")["network-dns"]["evidence"]


def test_redis_by_a_name_that_is_none(apart):
    daemon = apart(Redis={"Url": "redis://redis.test:6379"}, Doctor={"Provider": ""})
    assert 'host "redis.test"' in diagnosis(daemon, "redis-dns")["redis-dns"]["evidence"]


def test_packets_to_redis_that_are_dropped(apart):
    daemon = apart(Redis={"Url": "redis://192.0.2.2:6379"}, Doctor={"Provider": ""})
    assert "connecting failed" in diagnosis(daemon, "redis-silent")["redis-silent"]["evidence"]


def test_a_provider_whose_certificate_has_expired(start, neighbour, directory):
    pair = certificate(directory, "old", days=-1)
    daemon = start(Doctor={"Provider": neighbour(certificate=pair).url, "CaFile": pair[0]})
    assert "expired" in diagnosis(daemon, "network-tls")["network-tls"]["evidence"]


def test_a_provider_that_is_mute(start, neighbour):
    daemon = start(Doctor={"Provider": neighbour(mute=True).url})
    assert "answer" in diagnosis(daemon, "network-answer")["network-answer"]["evidence"]


# The machine.

@pytest.mark.parametrize("options, check", [("size=1m", "host-disk"), ("nr_inodes=30", "host-inodes")])
def test_a_file_system_that_is_full(make_daemon, well, tmpfs, options, check):
    state = tmpfs(options)
    ignored = " ".join(name for name in MACHINE if name != check)
    daemon = make_daemon(well(Admin={"StateDirectory": state}, Incidents={"MinDiskFree": 0},
                              Doctor={"Ignore": ignored}))
    daemon.wait_event("worker-verified", 30)
    assert str(state) not in [finding["subject"] for finding in report(daemon)["findings"]]
    with contextlib.suppress(OSError):
        if check == "host-disk":
            (state / "filler").write_bytes(b"x" * (1 << 20))
        else:
            for i in range(1000):
                (state / f"filler{i}").touch()
    found = [finding["check"] for finding in report(daemon)["findings"]
             if finding["subject"] == str(state)]
    assert found == [check]


@pytest.fixture
def tmpfs(directory):
    mounted = []

    def make(options):
        path = directory / f"small{len(mounted)}"
        path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "small", path], check=True)
        mounted.append(path)
        return path

    yield make
    for path in mounted:
        subprocess.run(["umount", "--lazy", path], check=True)


def test_descriptors_of_voxkeeperd(start):
    admin = free_port()
    daemon = start(Admin={"Listen": f"127.0.0.1:{admin}"})
    with contextlib.ExitStack() as callers:
        # So many that a fifth more leaves room for what the doctor itself opens.
        for _ in range(50):
            connection = callers.enter_context(socket.socket(socket.AF_UNIX))
            connection.connect(str(daemon.socket))
            callers.enter_context(socket.create_connection(("127.0.0.1", admin)))
        used = wait_for(lambda: at_least(115, daemon.pid), 10, "its connections")
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (used * 6 // 5, used * 6 // 5))
        diagnosis(daemon, "host-descriptors")


def at_least(n, pid):
    used = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return used if used >= n else None


class Timex(ctypes.Structure):
    _fields_ = [("modes", ctypes.c_uint), ("rest", ctypes.c_long * 64)]


def test_whether_the_clock_is_kept(start):
    """The kernel's own answer: a test may not change the machine's clock."""
    state = ctypes.CDLL(None).adjtimex(ctypes.byref(Timex()))
    daemon = start(Doctor={"Ignore": " ".join(name for name in MACHINE if name != "host-time-sync")})
    diagnosis(daemon, *(["host-time-sync"] if state == 5 else []))


# All of it.

def test_everything_is_down(make_daemon, well, neighbour, redis, port):
    mute = neighbour(mute=True)
    daemon = make_daemon(well({"CURSOR_RUNNER_URL": mute.url},
                              Doctor={"Provider": mute.url, "PublicUrl": mute.url}))
    daemon.wait_event("worker-verified", 30)
    fault(port, "hang")
    redis.pause()
    try:
        began = time.monotonic()
        found = names(report(daemon, exit_code=1))
        took = time.monotonic() - began
    finally:
        redis.resume()
    assert found == ["agent-hangs", "callback-runner", "network-answer", "redis-silent"]
    assert took < 10, f"{took:.1f} s"


def test_without_a_daemon(make_daemon, well, redis):
    daemon = make_daemon(well(), start=False)
    code, found = alone(daemon)
    assert (code, names(found)) == (3, ["voxkeeperd-not-running"]), found
    redis.stop()
    code, found = alone(daemon)
    assert (code, names(found)) == (1, ["redis-refused", "voxkeeperd-not-running"]), found


def test_a_secret_is_never_shown(start):
    daemon = start({"ELEVENLABS_API_KEY": "canary-key", "WEBHOOK_SECRET": "canary-secret",
                    "CURSOR_RUNNER_URL": "http://canary-user:canary-word@127.0.0.1:1"})
    assert "canary" not in json.dumps(report(daemon))


def test_a_check_that_is_none_is_refused(make_daemon, well):
    daemon = make_daemon(well(Doctor={"Ignore": "redis-slaw"}), start=False)
    done = subprocess.run([BUILD / "src/daemon/voxkeeperd", "--check-config", "--config",
                           daemon.config], capture_output=True, text=True)
    assert done.returncode == 78 and '"redis-slaw" is no check' in done.stderr
