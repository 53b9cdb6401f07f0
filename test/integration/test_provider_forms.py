"""What is asked of each provider over HTTP, and what is made of its answers."""

import base64
import json
import time

import pytest
from provider_apis import ProviderApis, assertion_claims, service_account_key
from test_credentials import environment_of, series
from waiting import wait_for

VALUE = "key-5d1f08aa71c393bb20c7e4f6"
PAIR = "SK5d1f08aa71c3:93bb20c7e4f6d07e5513f9aa"
ACCOUNT = "/2010-04-01/Accounts/AC1"
SUBSCRIPTION = "GET /v1/user/subscription"
CALLS = f"GET {ACCOUNT}/Calls.json?PageSize=1"


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


TWILIO = {"Provider": "twilio", "Account": "AC1", "MinQuota": 1}
HTTP = {"Provider": "http", "QuotaJson": "left", "MinQuota": 1}
DENIED = 401, {"detail": {"status": "missing_permissions", "message": "no user_read"}}

# Keys of the section, the value, answers, what is asked in which order, its header, what is left.
GOOD = {
    "elevenlabs": (
        {"Provider": "elevenlabs"}, VALUE,
        {SUBSCRIPTION: (200, {"tier": "pro", "character_count": 40, "character_limit": 100})},
        [SUBSCRIPTION], ("xi-api-key", VALUE), 60),
    "elevenlabs, a scoped key": (
        {"Provider": "elevenlabs"}, VALUE,
        {SUBSCRIPTION: DENIED, "GET /v1/convai/agents?page_size=1": (200, {"agents": []})},
        [SUBSCRIPTION, "GET /v1/convai/agents?page_size=1"], ("xi-api-key", VALUE), None),
    "deepgram": (
        {"Provider": "deepgram", "MinQuota": 1}, VALUE,
        {"GET /v1/projects": (200, {"projects": [{"project_id": "ab-1", "name": "x"}]}),
         "GET /v1/projects/ab-1/balances": (200, {"balances": [
             {"balance_id": "b", "amount": 12.0, "units": "usd"}]})},
        ["GET /v1/projects", "GET /v1/projects/ab-1/balances"],
        ("authorization", f"Token {VALUE}"), 12),
    "openai": (
        {"Provider": "openai"}, VALUE, {"GET /v1/models": (200, {"object": "list", "data": []})},
        ["GET /v1/models"], ("authorization", f"Bearer {VALUE}"), None),
    "anthropic": (
        {"Provider": "anthropic"}, VALUE, {"GET /v1/models": (200, {"data": []})},
        ["GET /v1/models"], ("x-api-key", VALUE), None),
    "google": (
        {"Provider": "google"}, VALUE,
        {"GET /v1beta/models?pageSize=1": (200, {"models": [{"name": "models/x"}]})},
        ["GET /v1beta/models?pageSize=1"], ("x-goog-api-key", VALUE), None),
    "twilio": (
        TWILIO, VALUE,
        {f"GET {ACCOUNT}.json": (200, {"sid": "AC1", "status": "active"}),
         f"GET {ACCOUNT}/Balance.json": (200, {"balance": "7.25", "currency": "USD"})},
        [f"GET {ACCOUNT}.json", f"GET {ACCOUNT}/Balance.json"],
        ("authorization", basic("AC1", VALUE)), 7),
    "twilio, an API key": (
        TWILIO, PAIR,
        {CALLS: (200, {"calls": [], "page_size": 1}), f"GET {ACCOUNT}/Balance.json": (403, {})},
        [CALLS, f"GET {ACCOUNT}/Balance.json"],
        ("authorization", basic(*PAIR.split(":"))), None),
    "http": (
        {**HTTP, "Header": "X-Key:"}, VALUE, {"GET /check": (200, {"left": 5})},
        ["GET /check"], ("x-key", VALUE), 5),
}

BAD = {
    "elevenlabs": (
        {"Provider": "elevenlabs"}, VALUE,
        {SUBSCRIPTION: (401, {"detail": {"status": "invalid_api_key", "message": "Invalid"}})},
        "HTTP 401: Invalid"),
    "elevenlabs, empty": (
        {"Provider": "elevenlabs"}, VALUE,
        {SUBSCRIPTION: (401, {"detail": {"status": "quota_exceeded", "message": "none left"}})},
        "HTTP 401: none left"),
    "deepgram": (
        {"Provider": "deepgram"}, VALUE,
        {"GET /v1/projects": (401, {"err_code": "INVALID_AUTH", "err_msg": "Invalid credentials."})},
        "HTTP 401: Invalid credentials."),
    "openai": (
        {"Provider": "openai"}, VALUE,
        {"GET /v1/models": (401, {"error": {"message": "Incorrect", "code": "invalid_api_key"}})},
        "HTTP 401: Incorrect"),
    "openai, empty": (
        {"Provider": "openai"}, VALUE,
        {"GET /v1/models": (429, {"error": {"message": "no", "code": "insufficient_quota"}})},
        "HTTP 429: no"),
    "anthropic": (
        {"Provider": "anthropic"}, VALUE,
        {"GET /v1/models": (401, {"type": "error", "error": {
            "type": "authentication_error", "message": "invalid x-api-key"}})},
        "HTTP 401: invalid x-api-key"),
    "google": (
        {"Provider": "google"}, VALUE,
        {"GET /v1beta/models?pageSize=1": (400, {"error": {
            "message": "not valid", "details": [{"reason": "API_KEY_INVALID"}]}})},
        "HTTP 400: not valid"),
    "twilio": (
        TWILIO, VALUE,
        {f"GET {ACCOUNT}.json": (401, {"code": 20003, "message": "Authenticate"})},
        "HTTP 401: Authenticate"),
    "twilio, an API key": (
        TWILIO, PAIR, {CALLS: (401, {"code": 20003, "message": "Authenticate"})},
        "HTTP 401: Authenticate"),
    "twilio, half an API key": (TWILIO, PAIR.split(":")[0], {}, "SK...:SECRET"),
    "http": (HTTP, VALUE, {"GET /check": (403, "<html>")}, "HTTP 403"),
}


@pytest.fixture
def make(make_daemon, sleeper_config, directory):
    """make(keys, value, answers): a daemon with that credential, and its provider."""
    made = []

    def build(keys, value, answers):
        apis = ProviderApis(answers)
        made.append(apis)
        place = {"Url": f"{apis.url}/check"} if keys["Provider"] == "http" else {"BaseUrl": apis.url}
        (directory / "secret").write_text(value + "\n")
        section = {"File": directory / "secret", "Environment": "KEY", **keys, **place}
        daemon = make_daemon({**sleeper_config(), "Credential speech": section})
        daemon.wait_event("worker-verified")
        return daemon, apis

    yield build
    for apis in made:
        apis.close()


def valid(daemon):
    return series(daemon, "voxkeeper_provider_key_valid", credential="speech")


@pytest.mark.parametrize("name", GOOD)
def test_a_good_value(make, name):
    keys, value, answers, asked, header, left = GOOD[name]
    daemon, apis = make(keys, value, answers)
    wait_for(lambda: valid(daemon) == 1, deadline=20)
    assert [f"{one.method} {one.path}" for one in apis.asked] == asked
    for one in apis.asked:
        assert one.headers[header[0]] == header[1]
        assert one.headers.get("anthropic-version") == (
            "2023-06-01" if name == "anthropic" else None)
        assert one.body == ""
    assert series(daemon, "voxkeeper_provider_quota_remaining") == left
    assert not daemon.events("credential-invalid")


def test_that_a_key_ends_is_told_before(make):
    until = int(time.time()) + 8
    keys = {**HTTP, "ExpiryJson": "key.until", "CheckInterval": "1s"}
    daemon, _ = make(keys, VALUE, {"GET /check": (200, {"left": 5, "key": {"until": until}})})
    due = daemon.wait_event("credential-due", deadline=20)
    assert "its provider says that it ends at 20" in due["message"]
    assert series(daemon, "voxkeeper_provider_key_expiry_timestamp_seconds") == until
    opened = daemon.wait_event("incident-opened", condition="credential-old", subject="speech")
    old = daemon.wait_event("credential-old", deadline=20)
    assert "its provider says that it ended at 20" in old["message"]
    assert due["ts"] <= opened["ts"] < old["ts"]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_value(make, name):
    keys, value, answers, said = BAD[name]
    daemon, apis = make(keys, value, answers)
    invalid = daemon.wait_event("credential-invalid", deadline=20)
    assert said in invalid["reason"]
    assert valid(daemon) == 0
    assert len(apis.asked) == (0 if "half" in name else 1)


def test_a_service_account_asks_for_a_token(make):
    key = service_account_key()
    daemon, apis = make({"Provider": "google"}, key, {
        "POST /token": (200, {"access_token": "ya29.x", "expires_in": 3599, "token_type": "Bearer"})})
    wait_for(lambda: valid(daemon) == 1, deadline=20)
    (asked,) = apis.asked
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    claims = assertion_claims(asked.body, key)
    assert claims["iss"] == "agent@voice.iam.gserviceaccount.com"
    assert claims["aud"] == "https://oauth2.googleapis.com/token"
    assert claims["iat"] <= time.time() < claims["exp"] <= claims["iat"] + 3600
    # Workers get what the file says, in one line.
    given = environment_of(daemon.workers()[0])["KEY"]
    assert "\n" not in given and json.loads(given) == json.loads(key)


@pytest.mark.parametrize("answer, says", [
    ((400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}), 0),
    ((400, {"error": "invalid_grant", "error_description": "Invalid JWT: Token must be a short-lived "
            "token (60 minutes) and in a reasonable timeframe."}), None),
    ((200, "<html>"), None),
])
def test_a_token_that_is_refused(make, answer, says):
    daemon, apis = make({"Provider": "google"}, service_account_key(), {"POST /token": answer})
    wait_for(lambda: apis.asked and (says is None or valid(daemon) == says), deadline=20)
    if says is None:
        # What says nothing changes nothing, however often it comes.
        daemon.cli("reload", check=True)
        wait_for(lambda: len(apis.asked) > 1, deadline=20)
        assert valid(daemon) is None and not daemon.events("credential-invalid")


def test_a_key_file_of_another_kind_is_refused_unasked(make):
    daemon, apis = make({"Provider": "google"}, '{"type": "authorized_user"}', {})
    invalid = daemon.wait_event("credential-invalid", deadline=20)
    assert 'of type "authorized_user", not "service_account"' in invalid["reason"]
    assert apis.asked == []
