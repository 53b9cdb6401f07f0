"""Backups from one Redis put back into another: Debian 12's and Debian 13's, both ways."""

import json
import shutil
from pathlib import Path

import backup_file
import container
import pytest
from redis_server import RedisServer
from test_backup import NAME, OLD, content, fill, only_backup, restore

# It needs the tree of Debian 13, which only root can make.
pytestmark = pytest.mark.systemd


@pytest.fixture
def newer(directory):
    """A redis-server of Debian 13, run by the loader and the libraries of its own tree."""
    tree = Path(container.tree_path("trixie"))
    (loader,) = tree.glob("usr/lib/*-linux-gnu/ld-linux-*.so.*")
    server = RedisServer(directory / "newer", program=(
        loader, "--library-path", loader.parent, tree / "usr/bin/redis-server")).start()
    yield server
    server.stop()


@pytest.fixture
def pair(make_daemon, sleeper_config, redis, newer):
    """((a Redis, its daemon), (a newer one, its daemon))"""
    def beside(server):
        daemon = make_daemon({**sleeper_config(), "Redis": {"Url": server.unix_url},
                              "Sweep": {"Interval": "infinity", "MaxDelete": "infinity"}})
        daemon.wait_event("redis-up")
        return server, daemon

    both = beside(redis), beside(newer)
    versions = [major(server) for server, _ in both]
    assert versions[0] < versions[1], versions
    return both


def major(server):
    info = server.command("INFO", "server").decode()
    return int(info.split("redis_version:")[1].split(".")[0])


def hand_over(one, other):
    """Copies what the first daemon saved to the second; the file's name."""
    name = only_backup(one)
    (other.state / "backups").mkdir(mode=0o700, exist_ok=True)
    shutil.copy(one.state / "backups" / name, other.state / "backups" / name)
    return name


@pytest.mark.parametrize("source, target", [(0, 1), (1, 0)])
def test_what_was_swept_from_one_comes_back_in_the_other(pair, source, target):
    (old, sweeper), (new, restorer) = pair[source], pair[target]
    for i in range(50):
        old.command("SET", f"cursor_task:{i}", json.dumps(
            {"pending": True, "createdAt": OLD, "text": "abc" * (10 * i)}))
    before = {name: old.command("GET", name) for name in old.command("KEYS", "*")}
    sweeper.cli("sweep", check=True)
    assert old.command("DBSIZE") == 0
    result = restore(restorer, hand_over(sweeper, restorer))
    assert sum(result["results"].values()) == len(before) == 50
    # The older one is told the strings in a format that it knows.
    assert set(result["results"]) == {"restored" if target > source else "converted"}
    assert {name: new.command("GET", name) for name in new.command("KEYS", "*")} == before


@pytest.mark.parametrize("source, target", [(0, 1), (1, 0)])
def test_every_type_comes_back_where_it_is_known(pair, source, target):
    (old, _), (new, restorer) = pair[source], pair[target]
    fill(old)
    names = sorted(old.command("KEYS", "*"))
    before = {name: content(old, name) for name in names}
    backup_file.write(restorer.state / "backups" / NAME, backup_file.block(
        backup_file.header(version=b"%d.0.0" % major(old)),
        *[backup_file.key(name, old.command("DUMP", name), before[name][3]) for name in names]))
    kept = names if target > source else [n for n in names if before[n][0] == "string"]
    result = restore(restorer, NAME, rc=0 if target > source else 1)
    assert sorted(new.command("KEYS", "*")) == kept
    assert {name: values(new, name) for name in kept} == {name: before[name][:2] for name in kept}
    if target < source:
        assert result["results"] == {"converted": len(kept), "refused": len(names) - len(kept)}
        said = restorer.cli("restore", NAME, "--replace")
        assert "this Redis does not know their format, which needs the version that wrote" in said.stderr
        assert f"{major(old)}.0.0" in said.stderr + said.stdout


def values(redis, name):
    return content(redis, name)[:2]
