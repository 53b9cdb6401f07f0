"""Workers outlive voxkeeperd, and not a stop of it: the least that any systemd has to give."""

# voxkeeperd hears nothing of the stop, and the manager loses its patience; ExecStopPost= has that long too.
DEAF = "[Service]\nKillSignal=SIGWINCH\nTimeoutStopSec=5\n"


def check_outliving(service):
    """service: started, with one worker. It is stopped afterwards."""
    pid = service.worker_pid()
    service.mark()
    service.systemctl("restart")
    service.event("daemon-resumed")
    assert service.worker_pid() == pid
    service.kill(service.show("MainPID"))
    service.event("daemon-resumed", count=2)
    service.wait_show("ActiveState", "active")
    assert service.worker_pid() == pid and service.ask("/health")["status"] == "ok"
    assert service.events("worker-started") == []
    service.drop_in(DEAF)
    service.systemctl("stop", check=False)
    service.entry(MESSAGE="voxkeeperd: 1 processes that outlived the stop were killed")
    assert not service.is_alive(pid)
    assert service.show("NFileDescriptorStore") == "0"
