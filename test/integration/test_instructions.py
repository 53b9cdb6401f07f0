"""[Instructions]: what somebody changes of the agent at ElevenLabs is noticed and noted."""

import copy
import json
import signal

import pytest
from provider import Provider
from waiting import wait_for

KEY = "sk_canary_instructions"
AGENT = {
    "agent_id": "agent_1", "name": "support",
    "conversation_config": {
        "agent": {"first_message": "Hello!", "prompt": {"prompt": "You are kind. " * 40, "llm": "m1"}},
        "tts": {"voice_id": "v1"}},
    "platform_settings": {"auth": {"shareable_token": "hidden-1"}},
    "metadata": {"updated_at_unix_secs": 1},
}


@pytest.fixture
def provider():
    running = Provider(KEY)
    running.answer = 200, copy.deepcopy(AGENT)
    yield running
    running.close()


@pytest.fixture
def config(sleeper_config, directory, provider):
    def build(agent="agent_1", **instructions):
        key = directory / "key"
        if not key.exists():
            key.write_text(f"{KEY}\n")
        return sleeper_config() | {"Instructions": {
            "AgentId": agent, "KeyCredential": str(key), "BaseUrl": provider.url, "Interval": "1s",
            **instructions}}
    return build


@pytest.fixture
def daemon(make_daemon, config, provider):
    running = make_daemon(config())
    seen(provider)
    return running


def seen(provider):
    """The next two answers have come: of the first one everything is done."""
    asked = len(provider.asked)
    wait_for(lambda: len(provider.asked) >= asked + 2, deadline=30, what="a look at the agent")


def change(provider, value, *path):
    config = copy.deepcopy(provider.answer[1])
    place = config
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    provider.answer = 200, config


def entries(daemon):
    out = daemon.cli("changelog", "--json", "--kind=instructions", check=True).stdout
    return json.loads(out)["changes"]


def test_a_change_is_told_and_noted(daemon, provider, directory):
    assert provider.asked[0] == ("/v1/convai/agents/agent_1", KEY)
    assert entries(daemon) == []
    change(provider, 2, "metadata", "updated_at_unix_secs")  # no change of the agent
    seen(provider)
    change(provider, "v2", "conversation_config", "tts", "voice_id")
    told = daemon.wait_event("instructions-changed", deadline=30)
    assert told["changes"] == 'conversation_config.tts.voice_id: "v1" -> "v2"\n'
    change(provider, "You are kind. " * 39 + "You are rude. ",
           "conversation_config", "agent", "prompt", "prompt")
    daemon.wait_event("instructions-changed", deadline=30, count=2)
    (prompt, voice) = wait_for(lambda: (e := entries(daemon))[1:] and e, what="two entries")
    assert 'voice_id: "v1" -> "v2"' in voice["text"] and voice["author"] == "voxkeeperd"
    assert "prompt.prompt" in prompt["text"] and "rude" in prompt["text"]
    assert len(prompt["text"]) < 600
    # A secret is neither told nor kept; that it changed is.
    change(provider, "hidden-2", "platform_settings", "auth", "shareable_token")
    told = daemon.wait_event("instructions-changed", deadline=30, count=3)
    assert "may be a secret" in told["changes"]
    wait_for(lambda: len(entries(daemon)) == 3)
    seen(provider)
    everything = "".join(path.read_text(errors="replace") for path in daemon.state.rglob("*")
                         if path.is_file()) + daemon.output()
    assert "hidden-" not in everything and KEY not in everything


def test_what_changed_while_voxkeeperd_was_away(daemon, provider):
    daemon.stop(signal.SIGKILL)
    change(provider, "Hi!", "conversation_config", "agent", "first_message")
    begun = daemon.mark()
    daemon.start()
    told = daemon.wait_event("instructions-changed", deadline=30, since=begun)
    assert told["changes"] == 'conversation_config.agent.first_message: "Hello!" -> "Hi!"\n'
    daemon.stop()
    begun = daemon.mark()
    daemon.start()
    seen(provider)
    assert daemon.events("instructions-changed", since=begun) == []


@pytest.mark.parametrize(("answer", "words"), [
    ((401, {"detail": {"status": "invalid_api_key"}}), "HTTP 401: the key is refused"),
    ((404, {}), "HTTP 404: there is no such agent"),
    ((429, {}), "HTTP 429: too many requests"),
    ((503, {}), "HTTP 503: the provider has trouble"),
    ((200, ["garbage"]), "is no configuration of an agent"),
    ((200, {"detail": "please log in"}), "is no configuration of an agent"),
    ((200, {"x": "y" * (600 * 1024)}), "longer than 512 KiB"),
])
def test_errors_are_told_once_and_do_no_harm(daemon, provider, answer, words):
    good, provider.answer = provider.answer, answer
    told = daemon.wait_event("instructions-unseen", deadline=30)
    assert words in told["message"]
    asked = len(provider.asked)
    wait_for(lambda: len(provider.asked) > asked, deadline=30, what="another look")
    assert len(daemon.events("instructions-unseen")) == 1
    provider.answer = good
    daemon.cli("reload", check=True)  # a look at once
    daemon.wait_line(deadline=30, message="the configuration of agent agent_1 at ElevenLabs is seen again")
    assert daemon.events("instructions-changed") == [] and entries(daemon) == []
    assert daemon.request("GET", "/readyz")[0] == 200


def test_a_key_is_read_anew(daemon, provider, directory):
    (directory / "key").write_text("sk_other\n")
    wait_for(lambda: provider.asked[-1][1] == "sk_other", deadline=30)
    (directory / "key").unlink()
    told = daemon.wait_event("instructions-unseen", deadline=30)
    assert "key" in told["reason"] and "No such file" in told["reason"]


def test_reloads(daemon, config, provider):
    daemon.configure(config(agent="agent_2"))
    daemon.cli("reload", check=True)
    wait_for(lambda: provider.asked[-1][0] == "/v1/convai/agents/agent_2", deadline=30)
    seen(provider)
    assert daemon.events("instructions-changed") == []  # another agent is no change of this one
    without = config()
    del without["Instructions"]
    daemon.configure(without)
    daemon.cli("reload", check=True)
    asked = len(provider.asked)
    daemon.cli("restart", check=True)
    assert len(provider.asked) <= asked + 1
