"""Public/openapi.yaml says what is so."""

import http.client
import json
import re

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from conftest import ROOT
from installation import PASSWORD

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
CODES = re.compile(
    r'code: "([a-z_]+)"|\.forbidden\("([a-z_]+)"|\(code, retryAfter\) = \("([a-z_]+)"'
)


def resolve(description, value):
    while "$ref" in value:
        found = description
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def operations(description):
    for path, item in description["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def contents(description):
    """Each body, with what it is a body of."""
    for path, method, operation in operations(description):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            for content in resolve(description, body).get("content", {}).values():
                yield f"{method} {path}", content


def ask(installation, method, path, headers=None, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=30)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return answer, answer.read()


def allowed(item):
    methods = {method.upper() for method in METHODS & item.keys()} | {"OPTIONS"}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def filled(path):
    return path.replace("{id}", "6f1d2c4e-8f0a-4a59-9c63-0d4b7e2a9b15")


def test_it_is_valid_openapi(description):
    validate(description)


def test_each_example_fits_its_schema(description):
    checked = 0
    for place, content in contents(description):
        for name, example in content.get("examples", {}).items():
            # References lead from the top of the file.
            schema = {**content["schema"], "components": description["components"]}
            faults = list(Draft202012Validator(schema).iter_errors(example["value"]))
            assert faults == [], f"{place}: {name}"
            checked += 1
    assert checked > 10


def test_each_request_and_each_body_of_a_success_has_an_example(description):
    for path, method, operation in operations(description):
        bodies = [operation.get("requestBody", {})]
        bodies += [body for status, body in operation["responses"].items() if status < "300"]
        for body in bodies:
            for content in resolve(description, body).get("content", {}).values():
                assert content.get("examples"), f"{method} {path}"


def test_each_code_of_the_sources_is_described(description):
    sources = (ROOT / "Sources").rglob("*.swift")
    found = [CODES.findall(source.read_text()) for source in sources]
    codes = {word for groups in found for group in groups for word in group if word}
    described = description["components"]["schemas"]["Problem"]["properties"]["code"]
    words = set(re.findall(r"`([a-z_]+)`", described["description"]))
    assert len(codes) > 20
    assert codes - words == set()


def test_options_and_other_methods_name_the_methods_of_the_path(installation, description):
    for path, item in description["paths"].items():
        answer, body = ask(installation, "OPTIONS", filled(path))
        assert (answer.status, body) == (204, b""), path
        assert answer.headers["Allow"] == allowed(item), path
        answer, body = ask(installation, "PATCH", filled(path))
        assert (answer.status, body) == (405, b"Method not allowed"), path
        assert answer.headers["Allow"] == allowed(item), path


def test_head_is_get_without_the_body(installation, description):
    credentials = json.dumps({"username": "alice", "password": PASSWORD})
    _, body = ask(
        installation, "POST", "/login", {"Content-Type": "application/json"}, credentials
    )
    bearer = {"Authorization": f"Bearer {json.loads(body)['accessToken']}"}
    for path, item in description["paths"].items():
        # The figures differ from one answer to the next.
        if "get" not in item or path == "/metrics":
            continue
        get, body = ask(installation, "GET", path, bearer)
        head, nothing = ask(installation, "HEAD", path, bearer)
        assert head.status == get.status in (200, 204), path
        assert (head.headers["Content-Length"], nothing) == (get.headers["Content-Length"], b"")


@pytest.mark.parametrize("accept", ["*/*", "application/problem+json"])
def test_each_refusal_has_the_described_text(installation, description, accept):
    """What schemathesis does not come to, or does not compare."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    cases = [
        ("get", "/current-user", {}, None, 401),
        ("get", "/verify", {}, None, 401),
        ("get", "/verify?x=y", {}, None, 400),
        ("post", "/login", {"Content-Type": "text/plain"}, "x", 415),
        ("post", "/login", form, "x" * 17_000, 413),
        ("post", "/login", form, "username=nobody&password=x", 400),
        ("post", "/login", form, "username=alice&password=x&session=cookie", 403),
        ("post", "/refresh-token", form, "refreshToken=x", 403),
        ("post", "/link", form, "token=x&newPassword=y", 403),
        ("post", "/logout", form, "x&x", 400),
        ("get", "/job-list?" + "x" * 9_000, {}, None, 414),
        ("get", "/job-list", {f"X-{number}": "" for number in range(995)}, None, 431),
        ("get", "/job-list", {"Transfer-Encoding": "gzip"}, None, 501),
    ]
    for method, target, headers, body, status in cases:
        answer, text = ask(
            installation, method.upper(), target, {**headers, "Accept": accept}, body
        )
        place = f"{method} {target[:20]}"
        assert answer.status == status, place
        responses = description["paths"][target.partition("?")[0]][method]["responses"]
        described = resolve(description, responses[str(status)])
        kind = answer.headers["Content-Type"].partition(";")[0]
        wanted = accept if accept in described["content"] else "text/plain"
        assert kind == wanted, place
        detail = json.loads(text)["detail"] if kind == accept else text.decode()
        schema = described["content"]["text/plain"]["schema"]
        assert detail in schema.get("enum", [schema.get("const")]), place
        for name, header in described["headers"].items():
            required = resolve(description, header).get("required")
            assert not required or answer.headers[name], f"{place}: {name}"
