"""Commands of other documents than the runbook, run as they stand."""

import json

import pytest
from situations import begin, fill_redis

pytestmark = pytest.mark.systemd

TASKS = [f"cursor_task:t-{number}" for number in range(3)]


def tasks(service):
    return sorted(service.box.run("redis-cli --scan --pattern 'cursor_task:*'").stdout.split())


@pytest.mark.section("by-voxkeeper", document="docs/redis.md")
def test_redis_is_cleaned_by_voxkeeper(service, page):
    begin(service, Drain={"WaitFor": "connections"})
    fill_redis(service.box, TASKS[:1])
    service.cli("sweep")
    name = json.loads(service.cli("--json", "backups").stdout)[0]["file"]
    fill_redis(service.box, TASKS)
    told = page.run("voxkeeper keys --stuck", FILE=name)
    assert name in told["voxkeeper backups"] and tasks(service) == []
    assert service.box.run("redis-cli EXISTS elevenlabs:conversation:kept").stdout == "1\n"


@pytest.mark.section("by-bare-redis-cli", document="docs/redis.md")
def test_redis_is_cleaned_by_hand(service, page):
    fill_redis(service.box, TASKS)
    service.box.run("redis-cli SET cursor_task:alive '{\"pending\":true}' EX 600")
    page.run("while read -r key", KEY=TASKS[0])
    assert tasks(service) == ["cursor_task:alive"]
    saved = service.box.run("cat saved-keys; ls saved-????????????????; rm saved-*").stdout.split()
    assert sorted(saved[:3]) == TASKS and len(saved) == 6
