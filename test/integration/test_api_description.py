"""docs/openapi.json and the daemon: neither knows a path, a member or an answer that the other does
not."""

import json

import jsonschema
import pytest
from api import described, routes
from daemon import UnixHttp
from openapi import Description
from waiting import wait_for


@pytest.fixture(scope="module")
def description():
    return Description()


def raw(daemon, method, path, body=None, **headers):
    """(status, content type, text)"""
    connection = UnixHttp(daemon.socket, 10)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        stream = response.headers["Content-Type"] == "text/event-stream"
        return response.status, response.headers["Content-Type"], "" if stream else response.read().decode()
    finally:
        connection.close()


def incidents(daemon):
    return json.loads(raw(daemon, "GET", "/api/v1/incidents")[2])["incidents"]


def judge_all(daemon, description):
    """Asks every path that is read, prefixes with a few ids, and judges the answers."""
    for route in routes():
        if not route["get"]:
            continue
        paths = [f"{route['path']}/{id}" for id in (1, 2, 3, 999, "x")] if route["prefix"] else [route["path"]]
        if route["path"] == "/api/v1/incidents" and route["prefix"]:
            paths += [f"{route['path']}/{incident['id']}" for incident in incidents(daemon)]
        for path in paths:
            description.judge("GET", described(route, "get"), *raw(daemon, "GET", path))


def test_every_route_is_described_and_nothing_else(description):
    table = {(described(route, method), method) for route in routes() for method in ("get", "post") if route[method]}
    document = {(path, method) for path, methods in description.paths.items() for method in methods}
    assert table == document


def test_every_body_is_described(description):
    for route in routes():
        if route["post"]:
            members = set(description.body(described(route, "post"))["properties"])
            assert members == {*route["members"], "reason"}, route["path"]


def test_the_document_is_sound(description):
    assert description.document["openapi"].startswith("3.1")
    for where, schema in description.schemas():
        jsonschema.Draft202012Validator.check_schema(schema)
        for part in references(schema):
            description.resolve(part)
            assert part["$ref"].startswith("#/components/schemas/"), where
    for path, methods in description.paths.items():
        for operation in methods.values():
            assert operation["summary"].endswith("."), path


def references(schema):
    if isinstance(schema, list):
        for item in schema:
            yield from references(item)
    elif isinstance(schema, dict):
        if "$ref" in schema:
            yield schema
        for value in schema.values():
            yield from references(value)


def test_a_judge_that_is_strict(description):
    good = {"ready": True, "why": "x"}
    description.judge("GET", "/readyz", 503, "application/json", json.dumps(good))
    for bad in ({**good, "more": 1}, {"ready": True}, {**good, "why": None}, []):
        with pytest.raises(AssertionError):
            description.judge("GET", "/readyz", 200, "application/json", json.dumps(bad))
    with pytest.raises(AssertionError):
        description.judge("GET", "/readyz", 204, "application/json", json.dumps(good))
    with pytest.raises(AssertionError):
        description.judge("GET", "/readyz", 200, "text/plain", "x")


def test_answers_before_anything_serves(make_daemon, sleeper_config, description):
    config = sleeper_config()
    config["Probe alive"]["Command"] = "/bin/false"
    daemon = make_daemon(config)
    daemon.wait_event("worker-started")
    judge_all(daemon, description)
    assert raw(daemon, "GET", "/readyz")[0] == 503


def test_answers_of_a_service(make_daemon, agent_config, redis, description):
    hook = {"Type": "webhook", "Url": "http://127.0.0.1:9/"}  # nobody listens there
    daemon = make_daemon(agent_config(**{"Sweep": {"MaxDelete": 2}, "Notify hook": hook}))
    daemon.wait_event("daemon-ready", deadline=30)
    judge_all(daemon, description)
    for i in range(3):
        redis.command("SET", f"cursor_task:{i}", '{"pending":true,"createdAt":1700000000}')
    daemon.cli("sweep")
    judge_all(daemon, description)
    token = json.loads(daemon.cli("status", "--json").stdout)["sweep"]["consent"]["token"]
    daemon.cli("sweep", "--confirm", token, check=True)
    daemon.cli("keys", check=True)
    judge_all(daemon, description)
    assert raw(daemon, "POST", "/api/v1/silence", '{"span": "30m", "reason": "a test"}')[0] == 202
    judge_all(daemon, description)
    assert raw(daemon, "POST", "/api/v1/restart", '{"reason": "to look"}')[0] == 202
    judge_all(daemon, description)
    daemon.wait_event("restart-done", deadline=30)
    redis.stop()
    daemon.wait_event("redis-down", deadline=30)
    judge_all(daemon, description)
    daemon.cli("drain", check=True)
    judge_all(daemon, description)
    assert raw(daemon, "GET", "/readyz")[0] == 503


def test_answers_when_a_rollout_fails(make_daemon, sleeper_config, description, directory):
    marker = directory / "well"
    marker.touch()
    config = sleeper_config()
    config["Probe alive"]["Command"] = f"/bin/cat {marker}"
    config["Probe alive"]["Timeout"] = "500ms"
    config["Agent"]["TimeoutStartSec"] = "1s"
    daemon = make_daemon(config)
    daemon.wait_event("daemon-ready")
    marker.unlink()
    assert daemon.cli("restart").returncode != 0
    judge_all(daemon, description)
    rollout = json.loads(raw(daemon, "GET", "/api/v1/rollout")[2])
    assert rollout["failure"]["message"]
    wait_for(lambda: raw(daemon, "GET", "/readyz")[0] == 503, what="nothing that serves")
    judge_all(daemon, description)


WRONG = {"string": [1, True, None, [], {}], "integer": ["1", 0, -1, 1.5, None, []], "boolean": ["yes", 1, None]}


def bad_bodies(schema):
    yield from ("not json", "[]", "null", '"x"', "{} {}", '{"reason": "\xff"}'.encode("latin-1"), "{", "[" * 1000)
    yield '{"no_such_member": 1}'
    yield json.dumps({"reason": "x" * 2000})
    for name, member in schema["properties"].items():
        for value in WRONG[member["type"]]:
            yield json.dumps({name: value})
        if "enum" in member:
            yield json.dumps({name: "none of them"})
    for name in schema.get("required", ()):
        yield "{}" if len(schema["required"]) == 1 else json.dumps({name: "x"})


def test_bad_bodies_are_refused_and_change_nothing(make_daemon, sleeper_config, description):
    daemon = make_daemon(sleeper_config())
    daemon.wait_event("daemon-ready")
    before = json.loads(raw(daemon, "GET", "/api/v1/events")[2])["newest"]
    for route in routes():
        if not route["post"]:
            continue
        path = described(route, "post")
        asked = path.replace("{id}", "1")
        for body in bad_bodies(description.body(path)):
            status, media, text = raw(daemon, "POST", asked, body)
            assert status == 400, (path, body, text)
            description.judge("POST", path, status, media, text)
        # Refused by its head: the rest of the body never comes.
        status, media, text = raw(daemon, "POST", asked, "", **{"Content-Length": "70000"})
        assert status == 413, path
        description.judge("POST", path, status, media, text)
        other = raw(daemon, "PUT", asked)
        assert other[0] == 405
        description.judge("POST", path, *other)
    assert json.loads(raw(daemon, "GET", "/api/v1/events")[2])["newest"] == before
    assert raw(daemon, "GET", "/api/v1/operations/1")[0] == 404


def test_bad_queries_are_refused(make_daemon, sleeper_config, description):
    daemon = make_daemon(sleeper_config())
    daemon.wait_event("daemon-ready")
    asked = 0
    for path, methods in description.paths.items():
        for parameter in methods.get("get", {}).get("parameters", ()):
            if parameter["in"] != "query" or parameter["schema"]["type"] != "integer":
                continue
            for value in ("x", "-1", "1.5", "", "99999999999999999999"):
                answer = raw(daemon, "GET", f"{path.replace('{id}', '1')}?{parameter['name']}={value}")
                assert answer[0] == 400, (path, parameter["name"], value)
                description.judge("GET", path, *answer)
                asked += 1
    assert asked > 20


def test_what_is_not_there(make_daemon, sleeper_config, description):
    daemon = make_daemon(sleeper_config())
    daemon.wait_event("daemon-ready")
    status, media, text = raw(daemon, "GET", "/api/v1/nothing")
    assert status == 404
    description.judge("GET", "/livez", status, media, text)
