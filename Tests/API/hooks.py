"""Signs in for schemathesis, and sends what its schemas cannot know: who has which password."""

import collections
import http.client
import itertools
import json
import os
import subprocess
import threading
from urllib.parse import urlsplit

import schemathesis

# Whose password a request may change is nobody whom other requests sign in as.
CHANGING = "bob"
LINKED = "carol"
PASSWORDS = ["postern-demo", "wind over the cedar gate", "another wind over the quay"]
PROBLEM = "application/problem+json"

tokens = {}
lock = threading.Lock()
turns = collections.defaultdict(itertools.count)


def ask(base, method, path, body=None, token=None):
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def signs_in(base, name, password):
    status, body = ask(base, "POST", "/login", {"username": name, "password": password})
    return json.loads(body) if status == 200 else None


def sign_in(base, name):
    answers = (signs_in(base, name, password) for password in PASSWORDS)
    return next(answer for answer in answers if answer)


@schemathesis.deserializer("text/plain")
def text(context, response):
    """So that errors are held to their texts, too."""
    return response.content.decode()


@schemathesis.auth(refresh_interval=None)
class Bearer:
    """A token of a live session: requests may have ended the one that was used before."""

    def get(self, case, context):
        name = CHANGING if case.path == "/password" else "alice"
        base = case.operation.base_url
        with lock:
            token = tokens.get(name)
            if not token or ask(base, "GET", "/current-user", token=token)[0] != 200:
                token = tokens[name] = sign_in(base, name)["accessToken"]
        return token

    def set(self, case, token, context):
        case.headers["Authorization"] = f"Bearer {token}"


def link():
    """A one-time link's token, made by the program under test."""
    command = [os.environ["POSTERN_PROGRAM"], "user", "link", LINKED]
    return subprocess.check_output(command, text=True).strip().rpartition("#")[2]


def fresh_secrets(case):
    """What a good request of this kind has and no schema knows."""
    base = case.operation.base_url
    if case.path == "/login":
        return {"username": "alice", "password": PASSWORDS[0]}
    if case.path == "/refresh-token":
        return {"refreshToken": sign_in(base, "alice")["refreshToken"], "fingerprint": None}
    if case.path == "/password":
        current = next(word for word in PASSWORDS if signs_in(base, CHANGING, word))
        new = PASSWORDS[2] if current == PASSWORDS[1] else PASSWORDS[1]
        return {"currentPassword": current, "newPassword": new}
    if case.path == "/link":
        return {"token": link(), "newPassword": PASSWORDS[1]}
    return {}


def has_nul_in_a_name(value):
    if isinstance(value, dict):
        return any("\0" in name or has_nul_in_a_name(inner) for name, inner in value.items())
    return isinstance(value, list) and any(map(has_nul_in_a_name, value))


@schemathesis.hook
def filter_body(context, body):
    """No schema can say at which depth whatever: a NUL in a name makes JSON unreadable."""
    return not has_nul_in_a_name(body)


@schemathesis.hook
def filter_case(context, case):
    """What is to be no form is sent as text, and any text is a form."""
    is_no_form = isinstance(case.body, (str, int, float, bool, list))
    return not (case.media_type == "application/x-www-form-urlencoded" and is_no_form)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Some requests are to succeed, some want problem details, and some come from our own page."""
    number = next(turns[case.operation.label])
    if number % 3 == 0:
        case.headers.setdefault("Accept", PROBLEM)
    if number % 2 == 0 and case.method == "POST":
        case.headers.setdefault("Sec-Fetch-Site", "same-origin")
    if number % 4 < 2 and isinstance(case.body, dict) and case.meta.generation.mode.is_positive:
        secrets = fresh_secrets(case)
        if case.media_type != "application/json":
            secrets = {name: value for name, value in secrets.items() if value}
            case.body.pop("fingerprint", None)
        case.body.update(secrets)
