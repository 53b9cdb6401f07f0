"""voxkeeper.service with an agent that starts at once, many callers, and an eye on who lives."""

from load import Load
from load_kinds import Asker, Poster, Regular, RegularPoster, Talker
from service import PORT, Service
from waiting import wait_for

CROWD = Asker, Regular, Poster, RegularPoster, Talker, Talker
CALM = {
    "Agent": {"ExecStart": f"/usr/bin/node /opt/load/load_agent.cjs {PORT}", "Workers": 2},
    "Health": {"ExpectJson": "status=ok", "DependencyJson": None, "Rise": 1,
               "StartInterval": "20ms"},
    "Rollout": {"Bake": "100ms", "KeepWarm": "0"},
    "Drain": {"WaitFor": "connections"},
    "Redis": {"Url": None},
}


class QuickService(Service):
    """The agent is load_agent.cjs, at /opt/load in the container."""

    def configure(self, environment=None, **sections):
        both = {name: {**CALM.get(name, {}), **sections.get(name, {})}
                for name in {**CALM, **sections}}
        super().configure(environment, **both)

    def serve(self, **sections):
        """Started, and every worker serves. Returns their pids."""
        self.start(**sections)
        wait_for(lambda: self.count("serving") == 2, what="two workers that serve")
        return self.pids()

    def count(self, state):
        return sum(worker["state"] == state for worker in self.workers())

    def pids(self):
        return sorted(worker["pid"] for worker in self.workers() if worker["pid"])

    def crowd(self):
        """Every kind of caller at once, not calling yet."""
        return Load(PORT, *CROWD, network_of=self.box.leader)

    def goes_on(self, crowd, deadline=15.0):
        """Every kind of caller is answered again, or still."""
        before = crowd.by_kind.copy()
        wait_for(lambda: all(crowd.by_kind[kind.__name__] > before[kind.__name__]
                             for kind in CROWD), deadline, "a call of every kind")

    # voxkeeperd itself.

    def main(self):
        return int(self.show("MainPID"))

    def kill_main(self, signal="KILL"):
        self.kill(self.main(), signal)

    def resumed(self, count=1, deadline=20.0):
        """Waits until another instance went on with the workers, and tells systemd so."""
        event = self.event("daemon-resumed", count=count, deadline=deadline)
        self.wait_show("ActiveState", "active")
        return event

    def stored(self):
        return int(self.show("NFileDescriptorStore"))

    def left(self):
        """Processes of the service's user."""
        return self.box.run("pgrep", "-u", "voxkeeper", check=False).stdout.split()

    def troubles(self):
        """What voxkeeperd itself complained of since the mark, but for its own end."""
        self.box.run("journalctl", "--sync")
        return [entry["MESSAGE"]
                for entry in self.box.journal(after=self.marked, SYSLOG_IDENTIFIER="voxkeeperd")
                if int(entry["PRIORITY"]) <= 4
                and entry.get("VOXKEEPER_CONDITION") != "voxkeeper-restarted"]
