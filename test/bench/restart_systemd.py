"""The reference agent as a plain unit of a real systemd, in a container."""

from container import Container
from restart_peers import AGENT, Peer

PORT = 3004
UNIT = f"""
[Service]
ExecStart=/usr/bin/node /opt/elevenlabs-agent/src/index.js
Environment=PORT={PORT} REDIS_URL=redis://127.0.0.1:6379/0 ELEVENLABS_AGENT_ENABLED=true
Restart=always
[Unit]
StartLimitIntervalSec=0
"""


class Systemd(Peer):
    name = "systemd"

    def __init__(self, directory, port, environment):
        super().__init__(directory, PORT, environment)
        self.box = Container(bind={"/opt/elevenlabs-agent": AGENT.parents[1]})

    def launch(self):
        self.box.boot()
        self.box.run("systemctl", "start", "redis-server")
        self.box.write("/run/systemd/system/agent.service", UNIT)
        self.box.run("systemctl daemon-reload; systemctl start agent")

    def is_ready(self):
        return self.box.run("curl", "-sf", f"http://127.0.0.1:{PORT}/health",
                            check=False).returncode == 0

    def prefix(self):
        return self.box.in_network()

    def root(self):
        return self.box.leader

    def close(self):
        self.box.close()

    restarts = {"restart": lambda self: self.box.run("systemctl", "restart", "agent",
                                                    deadline=100.0)}
