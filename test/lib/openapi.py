"""docs/openapi.json as a judge of answers: stricter than it says, since members that it does not
know are missing from it."""

import copy
import json
from datetime import datetime

import jsonschema
from daemon import TOP

formats = jsonschema.FormatChecker(formats=())


@formats.checks("date-time", raises=ValueError)
def is_time(value):
    return not isinstance(value, str) or (value.endswith("Z") and bool(datetime.fromisoformat(value)))


def strict(schema):
    """The same, in which objects have no members but those that are named."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {name: strict(value) for name, value in schema.items()}
    if "properties" in schema and "additionalProperties" not in schema and "type" in schema:
        result["additionalProperties"] = False
    return result


class Description:
    def __init__(self):
        self.document = json.loads((TOP / "docs/openapi.json").read_text())
        self.components = strict(copy.deepcopy(self.document["components"]))

    @property
    def paths(self):
        return self.document["paths"]

    def resolve(self, part):
        while "$ref" in part:
            found = self.document
            for name in part["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            part = found
        return part

    def schemas(self):
        """Every schema of the document, with where it stands."""
        yield from self.components["schemas"].items()
        for path, methods in self.paths.items():
            for method, operation in methods.items():
                for parameter in operation.get("parameters", ()):
                    yield f"{method} {path} {parameter['name']}", parameter["schema"]
                for status, response in operation["responses"].items():
                    for content in self.resolve(response).get("content", {}).values():
                        yield f"{method} {path} {status}", content["schema"]

    def body(self, path):
        """The schema of a POST's body."""
        return self.paths[path]["post"]["requestBody"]["content"]["application/json"]["schema"]

    def judge(self, method, path, status, content_type, text):
        """Complains unless that answer is described. path: as in the document."""
        responses = self.paths[path][method.lower()]["responses"]
        response = self.resolve(responses.get(str(status)) or responses["default"])
        where = f"{method} {path} {status}"
        assert status >= 400 or str(status) in responses, f"{where} is not described"
        media = content_type.split(";")[0]
        assert media in response["content"], f"{where}: {media} is not described"
        if media != "application/json":
            return
        schema = {**strict(response["content"][media]["schema"]), "components": self.components}
        validator = jsonschema.Draft202012Validator(schema, format_checker=formats)
        errors = [f"{where}: {'/'.join(map(str, error.absolute_path))}: {error.message}"
                  for error in validator.iter_errors(json.loads(text))]
        assert not errors, "\n".join(errors)
