"""All the providers whose keys can be verified, each below a path of its own, as they answer to one
good key."""

import base64

from provider_apis import ProviderApis

# Provider= -> (the request header, what stands before the value in it).
HEADERS = {"elevenlabs": ("xi-api-key", ""), "deepgram": ("authorization", "Token "),
           "openai": ("authorization", "Bearer "), "anthropic": ("x-api-key", ""),
           "google": ("x-goog-api-key", ""), "twilio": ("authorization", "Basic "),
           "http": ("x-key", "")}
ACCOUNT = "AC0123456789abcdef0123456789abcdef"


class Providers(ProviderApis):
    """`answer[provider]`: (status, body) instead of what it would say; `left[provider]`."""

    def __init__(self, key):
        self.key = key
        self.answer = {}
        self.left = {"elevenlabs": 40000, "deepgram": 12.5, "twilio": 7.25}
        self.expires = "2099-01-01T00:00:00Z"
        balance = f"/twilio/2010-04-01/Accounts/{ACCOUNT}"
        bodies = {
            "/elevenlabs/v1/user/subscription": lambda: {
                "character_count": 0, "character_limit": self.left["elevenlabs"]},
            "/deepgram/v1/projects": lambda: {"projects": [{"project_id": "0a1b-2c"}]},
            "/deepgram/v1/projects/0a1b-2c/balances": lambda: {
                "balances": [{"amount": self.left["deepgram"], "units": "usd"}]},
            "/openai/v1/models": lambda: {"data": []},
            "/anthropic/v1/models": lambda: {"data": []},
            "/google/v1beta/models?pageSize=1": lambda: {"models": []},
            f"{balance}.json": lambda: {"sid": ACCOUNT, "status": "active"},
            f"{balance}/Balance.json": lambda: {"balance": str(self.left["twilio"])},
            "/http/me": lambda: {"until": self.expires},
        }
        super().__init__({f"GET {path}": self._judging(path.split("/")[1], body)
                          for path, body in bodies.items()})

    def _judging(self, name, body):
        header, prefix = HEADERS[name]
        value = f"{ACCOUNT}:{self.key}" if name == "twilio" else self.key
        if name == "twilio":
            value = base64.b64encode(value.encode()).decode()

        def answer(asked):
            if name in self.answer:
                return self.answer[name]
            good = asked.headers.get(header) == prefix + value
            return (200, body()) if good else (401, {"message": "no such key"})

        return answer

    def asked_names(self):
        return {asked.path.split("/")[1] for asked in self.asked}

    def section(self, name, file):
        """[Credential NAME], NAME being the provider's."""
        keys = {"File": file, "Provider": name, "RotateAfter": "infinity"}
        if name == "http":
            return {**keys, "Url": f"{self.url}/http/me", "Header": "X-Key:", "ExpiryJson": "until"}
        if name == "twilio":
            keys["Account"] = ACCOUNT
        return {**keys, "BaseUrl": f"{self.url}/{name}"}
