"""What the change log finds out by itself about the unit that voxkeeper is."""

import json

import pytest
from service import DROP_IN
from waiting import wait_for

pytestmark = pytest.mark.systemd


def units(service):
    said = service.box.run("voxkeeper", "changelog", "--kind=unit", "--json").stdout
    return json.loads(said)["changes"]


def test_a_drop_in_is_noticed(service):
    service.start()
    first = wait_for(lambda: units(service), what="the unit in the change log")
    assert len(first) == 1 and first[0]["author"] == "voxkeeperd"
    assert any(path.endswith("/voxkeeper.service") for path in first[0]["details"]["files"])
    service.systemctl("restart")
    service.event("daemon-resumed")
    service.drop_in("[Service]\nLimitNOFILE=4096\n")
    service.systemctl("restart")
    service.event("daemon-resumed", count=2)
    changed = wait_for(lambda: (u := units(service))[1:] and u, what="the drop-in in it")
    assert len(changed) == 2  # the restart in between changed nothing
    assert changed[0]["text"].startswith("unit files of voxkeeper changed: ")
    assert DROP_IN in changed[0]["details"]["files"]
    assert changed[0]["details"]["sum"] != changed[1]["details"]["sum"]
