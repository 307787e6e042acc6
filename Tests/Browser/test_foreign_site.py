"""Another site tries to act as the person whose browser shows it."""

import json

import pytest
from playwright.sync_api import expect

from installation import PASSWORD, Installation
from steps import expect_signed_in, sign_in

# Another host is another site, for which SameSite keeps the cookie back. Another port of the same
# host is the same site: there the Origin alone tells.
HOSTS = ["127.0.0.1", "localhost"]
POSTS = ["/login", "/refresh-token", "/logout", "/password", "/link"]
ROUTES = [("POST", path) for path in POSTS] + [
    ("GET", "/current-user"),
    ("GET", "/job-list"),
    ("GET", "/sessions"),
    ("GET", "/verify"),
    ("DELETE", "/sessions"),
]
FIELDS = {"username": "bob", "password": PASSWORD, "session": "cookie"}

FORM = """<!doctype html><iframe name="answer"></iframe>
<form method="post" action="{action}" enctype="{enctype}" target="answer">
<input name="username" value="bob"><input name="password" value="postern-demo">
<input name="session" value="cookie"><input name="newPassword" value="mine now">
<button>Win a prize</button></form>"""


def cookies(context, installation):
    return [(c["name"], c["value"]) for c in context.cookies(installation.url)]


def expect_untouched(context, installation, before):
    assert cookies(context, installation) == before
    page = context.new_page()
    page.goto("/devices")
    expect_signed_in(page, "alice")
    expect(page.get_by_text("This one")).to_be_visible()


@pytest.fixture
def victim(installation, context):
    page = context.new_page()
    sign_in(page)
    page.close()
    return cookies(context, installation)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("enctype", ["application/x-www-form-urlencoded", "text/plain"])
def test_L2_a_form_of_another_site_changes_nothing(
    installation, context, victim, foreign, host, enctype
):
    page = context.new_page()
    for path in POSTS:
        foreign.html = FORM.format(action=f"{installation.url}{path}", enctype=enctype)
        page.goto(foreign.url(host))
        with page.expect_response(f"**{path}") as response:
            page.get_by_role("button").click()
        assert "set-cookie" not in response.value.all_headers(), path
    expect_untouched(context, installation, victim)
    # That its answer may not be framed is told to the console.
    context.complaints.clear()


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("mode", ["cors", "no-cors"])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_L2_a_fetch_of_another_site_changes_and_reads_nothing(
    installation, context, victim, foreign, host, mode, content_type
):
    page = context.new_page()
    page.goto(foreign.url(host))
    ask = """async ([url, method, mode, type, body]) => {
        const headers = { "Content-Type": type };
        const init = { method, mode, headers, credentials: "include", keepalive: true };
        if (method === "POST") init.body = body;
        try {
            return await (await fetch(url, init)).text();
        } catch (error) {
            return "";
        }
    }"""
    for method, path in ROUTES:
        url = f"{installation.url}{path}"
        answer = page.evaluate(ask, [url, method, mode, content_type, json.dumps(FIELDS)])
        assert answer == "", path
    expect_untouched(context, installation, victim)


@pytest.mark.parametrize("host", HOSTS)
def test_L2_a_beacon_of_another_site_signs_nobody_out(
    installation, context, victim, foreign, host
):
    page = context.new_page()
    page.goto(foreign.url(host))
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        page.evaluate(
            "([url, type]) => navigator.sendBeacon(url, new Blob(['{}'], { type }))",
            [f"{installation.url}/logout", kind],
        )
    page.wait_for_timeout(500)
    expect_untouched(context, installation, victim)


def test_A23_X2_X8_only_pages_of_an_allowed_origin_read_what_nginx_answers_itself(page, foreign):
    allowed = foreign.url("localhost").rstrip("/")
    read = """async ([url, body]) => {
        const init = body ? { method: "POST", body } : {};
        const answer = await fetch(url, init).catch(() => null);
        return answer && [answer.status, answer.headers.get("Retry-After"), await answer.text()];
    }"""
    installation = Installation(POSTERN_CORS_ALLOWED_ORIGINS=allowed)
    try:
        for body, answer in [
            ("x" * 20_000, [413, None, "The request is too large"]),
            ("", [502, "1", "The service is unavailable for the moment"]),
        ]:
            if not body:
                installation.stop_postern()
            for host in HOSTS:
                page.goto(foreign.url(host))
                seen = page.evaluate(read, [f"{installation.url}/current-user", body])
                assert seen == (answer if host == "localhost" else None)
    finally:
        installation.stop()


# What a sibling host may set for all hosts of the domain, and a page of our own for itself.
LOOKALIKES = ["theme=a\u037e__Host-refresh={}", "=__Host-refresh={}", "a=b;\u0301__Host-refresh={}"]


@pytest.mark.parametrize("cookie", LOOKALIKES)
def test_Q2_no_other_cookie_passes_for_the_one_that_signs_in(
    installation, context, victim, cookie
):
    page = context.new_page()
    page.goto("/devices")
    ask = """async ([path, fields]) => {
        const headers = { "Content-Type": "application/json" };
        const init = { method: "POST", headers, body: JSON.stringify(fields) };
        const answer = await fetch(path, init);
        return [answer.status, await answer.text()];
    }"""
    fields = {"username": "bob", "password": PASSWORD}
    _, text = page.evaluate(ask, ["/login", fields])
    token = json.loads(text)["refreshToken"]
    page.evaluate("cookie => { document.cookie = cookie }", f"{cookie.format(token)}; path=/")
    for _ in range(2):
        page.reload()
        expect_signed_in(page, "alice")
    # Nor for somebody who has no such cookie.
    context.clear_cookies(name="__Host-refresh")
    assert page.evaluate(ask, ["/refresh-token", {}]) == [403, "Access is forbidden"]
    context.complaints.clear()
