"""What a guarded application gets to see, request by request, and what never gets there."""

import http.client
import json
import os
import signal
import socket
import time

import pytest

from applications import Echo
from installation import PASSWORD, Installation

OPENED = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}
IDENTITY = ["x-auth-user-id", "x-auth-username", "x-auth-email", "x-auth-groups"]
IDENTITY += ["x-auth-session-id"]


@pytest.fixture(scope="module")
def echo():
    application = Echo()
    yield application
    application.stop()


@pytest.fixture(scope="module")
def guarded(echo):
    installation = Installation(
        POSTERN_GUARDED_APPLICATION=f"127.0.0.1:{echo.port}", POSTERN_GUARDED_PATH=Echo.PATH
    )
    yield installation
    installation.stop()


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def seen(self):
        """What the application got."""
        seen = json.loads(self.body)
        seen["headers"] = [(name, value) for name, value in seen["headers"]]
        return seen

    def header(self, name):
        """Of the request that the application got, each value."""
        return [value for other, value in self.seen["headers"] if other == name]


def ask(installation, path, method="GET", body=None, headers=()):
    """With headers as pairs, so that a name can come twice."""
    connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=30)
    connection.putrequest(method, path)
    for name, value in dict(headers).items() if isinstance(headers, dict) else headers:
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    try:
        return Answer(connection.getresponse())
    finally:
        connection.close()


def log_in(installation, **fields):
    fields = {"username": "alice", "password": PASSWORD, **fields}
    headers = {
        "Content-Type": "application/json",
        "Origin": f"http://127.0.0.1:{installation.port}",
    }
    body = json.dumps(fields).encode()
    return ask(installation, "/login", "POST", body, headers)


@pytest.fixture(scope="module")
def cookie(guarded):
    answer = log_in(guarded, session="cookie")
    assert answer.status == 200, answer.body
    set_cookies = answer.headers.get_all("Set-Cookie")
    return next(c.split(";")[0] for c in set_cookies if c.startswith("__Host-refresh="))


def test_the_application_is_told_who_it_is(guarded, cookie):
    answer = ask(guarded, "/echo/a?b=c", headers={"Cookie": cookie})
    assert answer.status == 200
    assert answer.header("x-auth-username") == ["alice"]
    assert answer.seen["path"] == "/echo/a?b=c"
    for name in ["x-auth-user-id", "x-auth-email", "x-auth-session-id"]:
        assert len(answer.header(name)) == 1, name


def test_the_application_s_answers_are_its_own(guarded, cookie):
    for path, status in [("/echo/", 200), ("/echo/401", 401), ("/echo/403", 403), ("/echo/500", 500)]:
        answer = ask(guarded, path, headers={"Cookie": cookie, **OPENED})
        assert answer.status == status
        assert answer.header("x-auth-username") == ["alice"]
        assert answer.headers["Content-Type"] == "text/html"
        assert answer.headers["Content-Security-Policy"] is None
        assert answer.headers["Cache-Control"] is None
        assert len(answer.headers.get_all("X-Request-Id")) == 1


@pytest.mark.parametrize("name", IDENTITY)
@pytest.mark.parametrize("value", ["root", "", " ", "alice, root"])
def test_P9_a_client_cannot_say_who_it_is(guarded, cookie, name, value):
    plain = ask(guarded, "/echo/", headers={"Cookie": cookie}).header(name)
    spellings = [name, name.upper(), name.title(), name.replace("-", "_")]
    for spelling in spellings:
        sent = [("Cookie", cookie), (spelling, value), (spelling, value)]
        answer = ask(guarded, "/echo/", headers=sent)
        assert answer.status == 200
        assert answer.header(name) == plain
        assert answer.header(name.replace("-", "_")) == []
        assert ask(guarded, "/echo/", headers=sent[1:]).status == 401


def test_P9_a_client_cannot_say_where_it_comes_from(guarded, cookie):
    sent = {
        "Cookie": cookie,
        "X-Forwarded-For": "10.0.0.1",
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-Host": "evil.example",
        "X-Real-IP": "10.0.0.1",
        "Forwarded": "for=10.0.0.1",
    }
    answer = ask(guarded, "/echo/", headers=sent)
    assert answer.header("x-forwarded-for") == answer.header("x-real-ip") == ["127.0.0.1"]
    assert answer.header("x-forwarded-proto") == ["http"]
    assert answer.header("x-forwarded-host") == [f"127.0.0.1:{guarded.port}"]
    assert answer.header("forwarded") == []


# R is the refresh cookie that signs in, D the other of Postern's.
D = "__Host-device=d"
COOKIES = [
    ("R", []),
    ("R; D", []),
    ("D; R", []),
    ("a=1; R", ["a=1"]),
    ("R; a=1", ["a=1"]),
    ("a=1; R; b=2", ["a=1; b=2"]),
    ("a=1; D; R; b=2", ["a=1; b=2"]),
    ("R; a=1; D", ["a=1"]),
    ("D; a=1; R; b=2; c=3", ["a=1; b=2; c=3"]),
    ("a=1; R; b=2; D; c=3", ["a=1; b=2; c=3"]),
    ("a=1;R;b=2", ["a=1;b=2"]),
    ("a=1 ;  R  ; b=2", ["a=1; b=2"]),
    ("a=1; R;", ["a=1;"]),
    ("a==; R; b=x=y", ["a==; b=x=y"]),
    ('a="x y"; R', ['a="x y"']),
    ("__Host-refreshed=1; R", ["__Host-refreshed=1"]),
    ("x__Host-refreshx=1; R", ["x__Host-refreshx=1"]),
    ("Host-refresh=1; R; __Secure-refresh=2", ["Host-refresh=1; __Secure-refresh=2"]),
    (f"{'; '.join(f'c{n}={n}' for n in range(100))}; R", ["; ".join(f"c{n}={n}" for n in range(100))]),
    # What is no cookie of ours, but could be taken for one by the application: none at all.
    ("a=1; R; __Host-refresh =x", []),
    ("a=1; R; __HOST-REFRESH=x", []),
    ("a=1; R; b=__Host-refresh=x", []),
    ("D; D; D; R; a=1", []),
]


@pytest.mark.parametrize("sent, got", COOKIES)
def test_P9_the_application_gets_all_cookies_but_postern_s(guarded, cookie, sent, got):
    sent = sent.replace("D", D).replace("R", cookie)
    answer = ask(guarded, "/echo/", headers={"Cookie": sent})
    assert answer.status == 200
    assert answer.header("cookie") == got
    assert cookie.partition("=")[2] not in answer.body.decode()


def test_P9_cookies_that_come_in_several_headers_are_one_to_the_application(guarded, cookie):
    sent = [("Cookie", "a=1"), ("Cookie", cookie), ("Cookie", f"b=2; {D}")]
    answer = ask(guarded, "/echo/", headers=sent)
    assert answer.status == 200
    assert answer.header("cookie") == ["a=1; b=2"]


def test_an_access_token_lets_in_and_stays_outside(guarded):
    token = json.loads(log_in(guarded).body)["accessToken"]
    for scheme in ["Bearer", "bearer", "BEARER"]:
        answer = ask(guarded, "/echo/", headers={"Authorization": f"{scheme} {token}"})
        assert answer.status == 200
        assert answer.header("authorization") == []
        assert token not in answer.body.decode()


def test_the_application_s_own_authorization_is_its_business(guarded, cookie):
    for value in ["Basic YTpi", "token abc"]:
        answer = ask(guarded, "/echo/", headers={"Cookie": cookie, "Authorization": value})
        assert answer.status == 200
        assert answer.header("authorization") == [value]


def test_P8_a_request_with_a_body_is_decided_alike_and_the_body_is_the_application_s(
    guarded, cookie
):
    for method in ["POST", "PUT", "DELETE"]:
        for size in [0, 1, 20_000, 3_000_000]:
            body = b"x" * size
            assert ask(guarded, "/echo/", method, body).status == 401
            answer = ask(guarded, "/echo/", method, body, {"Cookie": cookie})
            assert answer.status == 200
            assert answer.seen["method"] == method
            assert answer.seen["body"] == body.decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=0-3"},
        {"Expect": "100-continue"},
        {"If-None-Match": '"x"', "If-Modified-Since": "Tue, 24 Nov 2026 00:00:00 GMT"},
        {"Content-Type": "application/json; charset=utf-16", "Content-Encoding": "gzip"},
        {"Accept": "application/problem+json"},
        {"X-HTTP-Method-Override": "DELETE", "X-Original-URL": "/login", "X-Rewrite-URL": "/"},
    ],
)
def test_P8_other_headers_are_no_business_of_the_guard(guarded, cookie, headers):
    assert ask(guarded, "/echo/", headers=headers).status == 401
    answer = ask(guarded, "/echo/", headers={"Cookie": cookie, **headers})
    assert answer.status == 200
    for name, value in headers.items():
        assert answer.header(name.lower()) == [value] or name == "Expect"


def test_P8_head_is_decided_alike(guarded, cookie):
    assert ask(guarded, "/echo/", "HEAD").status == 401
    answer = ask(guarded, "/echo/", "HEAD", headers={"Cookie": cookie})
    assert (answer.status, answer.body) == (200, b"")


def test_P8_a_path_of_8_kB_is_decided_alike(guarded, cookie):
    path = f"/echo/{'x' * 8000}?{'y' * 100}"
    assert ask(guarded, path).status == 401
    assert ask(guarded, path, headers={"Cookie": cookie}).seen["path"] == path
    answer = ask(guarded, path, headers=OPENED)
    assert (answer.status, answer.headers["Location"]) == (302, "/sign-in?to=/")


def test_P8_other_spellings_of_the_path_do_not_get_past_the_guard(guarded, echo):
    before = echo.requests
    paths = ["/echo/", "//echo/x", "/./echo/x", "/x/../echo/x", "/%65cho/x", "/echo//x", "/echo/%00"]
    paths += ["/echo/..%2fx", "/echo/%2e%2e/echo/x", "/ECHO/x", "/echo", "/echo;/x", "/.guard"]
    for path in paths:
        for method in ["GET", "POST", "OPTIONS", "PROPFIND"]:
            answer = ask(guarded, path, method, b"" if method == "POST" else None)
            assert answer.status in (301, 400, 401, 404, 405), path
    assert echo.requests == before


def test_P8_an_upgrade_to_anything_but_a_websocket_goes_no_further(guarded, cookie):
    sent = {"Cookie": cookie, "Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings"}
    answer = ask(guarded, "/echo/", headers={**sent, "HTTP2-Settings": "AAMAAABkAAQAAP__"})
    assert answer.status == 200
    assert answer.header("upgrade") == answer.header("connection") == []
    sent = {"Cookie": cookie, "Upgrade": "WebSocket", "Connection": "keep-alive, Upgrade"}
    answer = ask(guarded, "/echo/", headers=sent)
    assert answer.header("upgrade") == ["websocket"]
    assert answer.header("connection") == ["upgrade"]


def loads(mode, dest, site="same-origin"):
    return {"Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest, "Sec-Fetch-Site": site}


LOADED = {
    "fetch": loads("cors", "empty"),
    "image": loads("no-cors", "image"),
    "script": loads("no-cors", "script"),
    "WebSocket": {**loads("websocket", "websocket"), "Upgrade": "websocket", "Connection": "upgrade"},
    "frame": loads("navigate", "iframe"),
    "object": loads("navigate", "object"),
    "curl": {"Accept": "*/*"},
    "old XHR": {"Accept": "application/json, text/html"},
}


@pytest.mark.parametrize("kind", LOADED)
def test_P11_what_no_person_opened_gets_its_401_and_no_page(guarded, echo, kind):
    before = echo.requests
    answer = ask(guarded, "/echo/", headers=LOADED[kind])
    assert answer.status == 401
    assert answer.headers["Location"] is None
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.body == b"Please sign in"
    assert echo.requests == before


def test_P11_a_program_gets_problem_details(guarded):
    answer = ask(guarded, "/echo/", headers={"Accept": "application/problem+json"})
    assert json.loads(answer.body)["status"] == 401


def test_P11_a_form_that_is_sent_gets_its_401(guarded):
    assert ask(guarded, "/echo/", "POST", b"a=1", OPENED).status == 401


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", [OPENED, {"Accept": "text/html,application/xhtml+xml"}])
def test_a_person_who_opens_a_page_is_sent_to_sign_in(guarded, echo, method, headers):
    before = echo.requests
    answer = ask(guarded, "/echo/a%20b?c=d&to=//e&%0d%0aX:%20y", method, headers=headers)
    assert answer.status == 302
    assert answer.headers["Location"] == "/sign-in?to=/echo/a%20b?c=d&to=//e&%0d%0aX:%20y"
    assert answer.headers["X"] is None
    assert echo.requests == before


def test_pages_of_sibling_hosts_may_lead_here_but_not_act(guarded, echo, cookie):
    before = echo.requests
    for site in ["same-site", "cross-site"]:
        for method, sent in [
            ("GET", loads("no-cors", "image", site)),
            ("GET", loads("navigate", "iframe", site)),
            ("GET", loads("websocket", "websocket", site)),
            ("POST", loads("navigate", "document", site)),
            ("POST", loads("no-cors", "empty", site)),
        ]:
            body = b"a=1" if method == "POST" else None
            answer = ask(guarded, "/echo/", method, body, {"Cookie": cookie, **sent})
            assert answer.status == 401, (site, method, sent)
    assert echo.requests == before
    sent = {"Cookie": cookie, **loads("navigate", "document", "same-site")}
    assert ask(guarded, "/echo/", headers=sent).status == 200


def test_where_a_browser_says_nothing_else_the_origin_tells(guarded, cookie):
    host = f"127.0.0.1:{guarded.port}"
    strange = ["null", "http://evil.example", f"http://x.{host}", f"http://{host}0", "http://127.0.0.1"]
    strange += [f"http://evil.example {host}", f"ftp://{host}", host, f"http://{host}/"]
    for origin in strange:
        sent = {"Cookie": cookie, "Origin": origin}
        assert ask(guarded, "/echo/", headers=sent).status == 401, origin
    for origin in [f"http://{host}", f"https://{host}"]:
        sent = {"Cookie": cookie, "Origin": origin}
        assert ask(guarded, "/echo/", headers=sent).status == 200, origin
    # A form of the application's own page that sends no referrer.
    sent = {"Cookie": cookie, "Origin": "null", **loads("navigate", "document")}
    assert ask(guarded, "/echo/", "POST", b"a=1", sent).status == 200


def test_without_a_slash_the_path_leads_to_the_one_with_it(guarded):
    answer = ask(guarded, "/echo")
    assert (answer.status, answer.headers["Location"]) == (301, "/echo/")


def test_who_signs_out_is_out(guarded):
    answer = log_in(guarded, session="cookie")
    set_cookies = answer.headers.get_all("Set-Cookie")
    cookie = next(c.split(";")[0] for c in set_cookies if c.startswith("__Host-refresh="))
    assert ask(guarded, "/echo/", headers={"Cookie": cookie}).status == 200
    origin = f"http://127.0.0.1:{guarded.port}"
    headers = {"Cookie": cookie, "Content-Type": "application/json", "Origin": origin}
    assert ask(guarded, "/logout", "POST", b"{}", headers).status == 204
    assert ask(guarded, "/echo/", headers={"Cookie": cookie}).status == 401


def unavailable(installation, cookie):
    for headers in [{}, OPENED]:
        answer = ask(installation, "/echo/", headers={"Cookie": cookie, **headers})
        assert answer.status == 503, answer.body
        assert answer.body == b"The service is unavailable for the moment"
        assert answer.headers["Retry-After"] == "1"
        assert answer.headers["Cache-Control"] == "no-store"


def test_P12_while_postern_does_not_answer_the_application_is_not_reached(guarded, echo, cookie):
    before = echo.requests
    guarded.signal_workers(signal.SIGSTOP)
    try:
        unavailable(guarded, cookie)
    finally:
        guarded.signal_workers(signal.SIGCONT)
    assert echo.requests == before
    assert ask(guarded, "/echo/", headers={"Cookie": cookie}).status == 200


def test_P12_while_workers_die_nobody_gets_past_them(guarded, echo, cookie):
    statuses = []
    until = time.monotonic() + 3
    while time.monotonic() < until:
        guarded.signal_workers(signal.SIGKILL)
        for _ in range(5):
            statuses.append(ask(guarded, "/echo/", headers={"Cookie": cookie}).status)
            assert ask(guarded, "/echo/", headers={"Cookie": cookie + "x"}).status in (401, 503)
            time.sleep(0.02)
    assert set(statuses) <= {200, 503}
    assert 200 in statuses


def test_P12_while_the_store_cannot_be_read_the_application_is_not_reached(guarded, echo, cookie):
    before = echo.requests
    tokens = guarded.folder / "data" / "tokens"
    moved = guarded.folder / "data" / "moved"
    tokens.rename(moved)
    try:
        tokens.write_text("no folder")
        answer = ask(guarded, "/echo/", headers={"Cookie": cookie})
        assert answer.status == 503
    finally:
        tokens.unlink(missing_ok=True)
        moved.rename(tokens)
    assert echo.requests == before


def test_P12_an_application_that_is_down_is_502(guarded, cookie):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        other = Installation(
            POSTERN_GUARDED_APPLICATION=f"127.0.0.1:{unused.getsockname()[1]}",
            POSTERN_GUARDED_PATH="/echo/",
        )
    try:
        assert ask(other, "/echo/").status == 401
        set_cookies = log_in(other, session="cookie").headers.get_all("Set-Cookie")
        own = next(c.split(";")[0] for c in set_cookies if c.startswith("__Host-refresh="))
        answer = ask(other, "/echo/", headers={"Cookie": own})
        assert (answer.status, answer.headers["Retry-After"]) == (502, "1")
        other.stop_postern()
        assert ask(other, "/echo/", headers={"Cookie": own}).status == 503
    finally:
        other.stop()
