"""A reload applies all of the configuration or none of it, and says which."""

import signal
from pathlib import Path

from agent import request
from waiting import wait_for


def test_nothing_changed(make_daemon, agent_config):
    daemon = make_daemon(agent_config())
    daemon.wait_event("worker-verified")
    assert "nothing changed" in daemon.cli("reload", check=True).stdout
    assert len(daemon.events("worker-started")) == 1


def test_an_environment_file_is_read_by_a_restart(make_daemon, agent_config, directory):
    file = directory / "agent.env"
    file.write_text("LOG_LEVEL=info\n")
    daemon = make_daemon(agent_config(Agent={"EnvironmentFile": file}))
    daemon.wait_event("worker-verified")
    file.write_text("LOG_LEVEL=debug\n")
    assert "nothing changed; EnvironmentFile= is read when a worker starts: voxkeeper restart" in \
        daemon.cli("reload", check=True).stdout
    daemon.cli("restart", check=True)
    pid = daemon.events("worker-verified")[-1]["worker_pid"]
    assert b"LOG_LEVEL=debug" in Path(f"/proc/{pid}/environ").read_bytes()


def test_a_live_key_changes_without_a_restart(make_daemon, agent_config):
    daemon = make_daemon(agent_config())
    daemon.wait_event("worker-verified")
    daemon.configure(agent_config(Health={"Interval": "150ms"}))
    done = daemon.cli("reload", check=True)
    assert "Interval: 200ms -> 150ms" in done.stdout
    assert "Interval=150ms" in daemon.cli("show-config", check=True).stdout
    assert len(daemon.events("worker-started")) == 1


def test_what_workers_must_see_restarts_them(make_daemon, agent_config):
    daemon = make_daemon(agent_config())
    daemon.wait_event("worker-verified")
    daemon.configure(agent_config({"LOG_LEVEL": "debug"}))
    daemon.cli("reload", "--wait=applied", check=True)
    pid = daemon.request("GET", "/api/v1/workers")[1]["workers"][0]["pid"]
    with open(f"/proc/{pid}/environ", "rb") as file:
        assert b"LOG_LEVEL=debug" in file.read()


def test_every_complaint_at_once_with_file_line_and_hint(make_daemon, agent_config):
    daemon = make_daemon(agent_config())
    daemon.wait_event("worker-verified")
    config = agent_config(Health={"Intervall": "5s", "Rise": "x"})
    daemon.configure(config)
    refused = daemon.cli("reload")
    assert refused.returncode == 1
    lines = daemon.config.read_text().splitlines()
    for wrong in "Intervall=5s", "Rise=x":
        assert f"{daemon.config}:{lines.index(wrong) + 1}:" in refused.stderr
    assert 'did you mean "Interval"' in refused.stderr
    assert daemon.wait_event("config-refused")
    assert "Interval=200ms" in daemon.cli("show-config", check=True).stdout
    assert len(daemon.events("worker-started")) == 1


def test_a_bad_new_environment_is_rolled_back(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config())
    daemon.wait_event("worker-verified")
    daemon.configure(agent_config({"FAULT_CRASH": "1"}))
    back = daemon.cli("reload")
    assert back.returncode == 4
    assert "rolled back" in back.stderr
    assert request(port, "GET", "/health")[0] == 200
    assert "FAULT_CRASH" not in daemon.cli("show-config", check=True).stdout


def test_a_good_reload_after_a_bad_one(make_daemon, agent_config):
    daemon = make_daemon(agent_config())
    daemon.wait_event("worker-verified")
    daemon.configure(agent_config(Health={"Rise": "x"}))
    assert daemon.cli("reload").returncode == 1
    daemon.configure(agent_config(Health={"Rise": "3"}))
    daemon.cli("reload", check=True)
    assert "Rise=3" in daemon.cli("show-config", check=True).stdout


def test_what_only_a_new_daemon_can_change_is_refused(make_daemon, agent_config, directory):
    daemon = make_daemon(agent_config())
    daemon.wait_event("worker-verified")
    daemon.configure(agent_config(Admin={"ControlSocket": directory / "other.sock"}))
    refused = daemon.cli("reload")
    assert refused.returncode == 1 and "restart of voxkeeperd" in refused.stderr


def test_sighup_reloads_too(make_daemon, agent_config):
    daemon = make_daemon(agent_config())
    daemon.wait_event("worker-verified")
    daemon.configure(agent_config(Health={"Interval": "150ms"}))
    daemon.send(signal.SIGHUP)
    daemon.wait_event("config-reloaded")


def test_more_and_fewer_workers(make_daemon, sleeper_config):
    daemon = make_daemon(sleeper_config(Workers=1))
    daemon.wait_event("worker-verified")
    for count in 4, 2:
        daemon.configure(sleeper_config(Workers=count))
        daemon.cli("reload", check=True)
        wait_for(lambda count=count: len(daemon.workers()) == count)
    assert daemon.stop() == 0 and daemon.survivors() == []


def test_redis_may_move(make_daemon, agent_config, redis):
    daemon = make_daemon(agent_config())
    daemon.wait_event("redis-up")
    daemon.configure(agent_config(Redis={"Url": redis.unix_url}))
    daemon.cli("reload", check=True)
    assert redis.unix_url in daemon.wait_event("redis-up", count=2)["redis"]


def test_check_config_starts_nothing(make_daemon, agent_config):
    daemon = make_daemon(agent_config(Agent={"Workers": 2}), "--check-config")
    assert daemon.wait() == 78
    assert "Workers" in daemon.lines()[0]["message"]
    daemon.configure(agent_config())
    daemon.start("--check-config")
    assert daemon.wait() == 0 and daemon.workers() == []


def test_a_refused_configuration_ends_the_start_with_78(make_daemon, agent_config):
    daemon = make_daemon({"Agent": {}})
    assert daemon.wait() == 78


def test_a_second_daemon_on_the_same_socket_is_refused(make_daemon, agent_config):
    first = make_daemon(agent_config())
    first.wait_event("worker-verified")
    second = make_daemon(agent_config(Admin={"ControlSocket": first.socket}))
    assert second.wait() == 70
    assert first.cli("status").returncode == 0
