"""What an operator sees of a sweep: names that are bytes, lines of JSON, what is remembered."""

import json
import time

import pytest

OLD = "2020-01-01T00:00:00Z"
STUCK = json.dumps({"pending": True, "createdAt": OLD, "conversationId": "c\x1b[2J"})
# A name, and what is shown of it.
NAMES = {
    b"cursor_task:nul\0nul": r"cursor_task:nul\x00nul",
    b"cursor_task:line\r\nline": r"cursor_task:line\r\nline",
    b"cursor_task:\xff\xfe": r"cursor_task:\xff\xfe",
    b"cursor_task:\x1b[31mred": r"cursor_task:\x1b[31mred",
    b"cursor_task:*?[a]": "cursor_task:*?[a]",
    b"cursor_task:a \"quoted' \\": r"""cursor_task:a "quoted' \\""",
    "cursor_task:grüße".encode(): "cursor_task:grüße",
    b"cursor_task:" + b"k" * (65536 - 12): "cursor_task:" + "k" * 100,
}


@pytest.fixture
def daemon(make_daemon, sleeper_config, redis):
    running = make_daemon({**sleeper_config(), "Redis": {"Url": redis.unix_url},
                           "Sweep": {"Interval": "infinity", "MaxDelete": "infinity"}})
    running.wait_event("redis-up")
    return running


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def is_printable(text):
    return all(c.isprintable() or c == "\n" for c in text)


def test_status_says_why_a_number_is_unknown(daemon, redis):
    """Nobody walked over Redis yet; a sweep reads no healthy task; Redis is not there."""
    def callers():
        return daemon.request("GET", "/api/v1/status")[1]["callers"]

    first = callers()
    assert first["tasks"] is first["sessions"] is first["sessions_age_usec"] is None
    assert first["tasks_why"] == first["sessions_why"] == \
        "no sweep has counted them since voxkeeperd began"
    assert "tasks, sessions: no sweep has counted" in daemon.cli("status").stdout
    daemon.cli("sweep", check=True)
    swept = callers()
    assert (swept["sessions"], swept["sessions_why"]) == (0, "")
    assert 0 <= swept["sessions_age_usec"] < 60 * 10**6
    assert swept["tasks"] is None and "voxkeeper keys lists them" in swept["tasks_why"]
    redis.stop()
    daemon.wait_event("redis-down")
    gone = callers()
    assert gone["sessions"] is None and gone["sessions_why"] == gone["tasks_why"]
    assert gone["tasks_why"].startswith("Redis is down since 20")


def test_without_redis_nobody_counts_tasks(make_daemon, sleeper_config):
    daemon = make_daemon(sleeper_config())
    daemon.wait_event("worker-verified")
    callers = daemon.request("GET", "/api/v1/status")[1]["callers"]
    assert callers["tasks_why"] == callers["sessions_why"] == "no [Redis] Url= is configured"
    assert "tasks, sessions: no [Redis] Url= is configured\n" in daemon.cli("status").stdout


def test_names_are_bytes_in_every_view(daemon, redis):
    for name in NAMES:
        redis.command("SET", name, STUCK)
    views = [daemon.cli("sweep", "--dry-run", check=True).stdout, daemon.cli("keys", check=True).stdout]
    found = lines(daemon.cli("sweep", "--json", check=True).stdout)
    (saved,) = json.loads(daemon.cli("backups", "--json", check=True).stdout)
    views.append(daemon.cli("backups", saved["file"], check=True).stdout)
    keys = [line["finding"]["key"] for line in found if "finding" in line]
    assert len(keys) == len(NAMES) and redis.command("DBSIZE") == 0
    for shown in NAMES.values():
        assert any(key.startswith(shown) for key in keys), (shown, keys)
        for view in views:
            assert shown in view, (shown, view)
    assert all(is_printable(view) for view in views), views
    # All of them come back as they were.
    views = [daemon.cli("restore", saved["file"], check=True).stdout]
    assert set(redis.command("KEYS", "*")) == set(NAMES)
    assert all(is_printable(view) for view in views), views


def test_every_line_is_a_document(daemon, redis):
    for i in range(150):
        redis.command("SET", f"cursor_task:{i}", STUCK)
    *before, last = lines(daemon.cli("sweep", "--dry-run", "--json", check=True).stdout)
    assert set(last) == {"operation"} and last["operation"]["state"] == "done"
    assert {word for line in before for word in line} <= {"progress", "finding"}
    findings = [line["finding"] for line in before if "finding" in line]
    assert len(findings) == 100 and {f["finding"] for f in findings} == {"stuck-task"}
    assert last["operation"]["result"]["findings_total"] == 150


def test_the_oldest_come_first_or_what_stays_longest(daemon, redis):
    for hours, ttl in (1, 9000), (30, 5000), (3, 80000):
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600 * hours))
        redis.command("SET", f"cursor_task:{hours}h", json.dumps(
            {"pending": False, "createdAt": when}), "EX", ttl)

    def order(by):
        table = daemon.cli("keys", f"--sort={by}", check=True).stdout
        return sorted(("1h", "3h", "30h"), key=lambda name: table.index(f"cursor_task:{name}"))

    assert order("ttl") == ["3h", "1h", "30h"]
    assert order("age") == ["30h", "3h", "1h"]


def test_each_sweep_is_an_event_and_the_latest_hundred_are_kept(daemon, redis):
    for i in range(102):
        if i % 34 == 0:
            redis.command("SET", "cursor_task:1", STUCK)
        daemon.cli("sweep", "--reason", f"number {i}", check=True)
    events = daemon.events("sweep-done")
    assert len(events) == 102
    assert [event["removed"] for event in events].count("1") == 3
    daemon.stop()
    daemon.start()
    daemon.wait_event("redis-up", count=2)
    _, now = daemon.request("GET", "/api/v1/sweep")
    assert [sweep["reason"] for sweep in now["history"]] == [f"number {i}" for i in range(101, 1, -1)]
    assert now["last"]["reason"] == "number 101"


def test_a_trouble_says_what_to_do(daemon, redis):
    redis.command("SET", "cursor_task:1", STUCK)
    redis.command("ACL", "SETUSER", "default", "-dump")
    refused = daemon.cli("sweep")
    assert refused.returncode == 1
    for said in refused.stderr, daemon.wait_event("sweep-failed")["reason"]:
        assert "'dump'" in said and "what to do: grant it with ACL SETUSER" in said, said
    assert redis.command("DBSIZE") == 1
    assert not daemon.events("worker-exited")
