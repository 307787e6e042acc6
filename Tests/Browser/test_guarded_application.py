"""An application from Debian behind the gate, as a person's browser sees it. It has pages, requests
of its pages, downloads and a WebSocket, and knows nothing of tokens."""

import re

import pytest
from playwright.sync_api import expect

from applications import Jupyter
from installation import Installation
from steps import expect_signed_in, expect_signed_out, fill_sign_in, settle, sign_in

# Half of a refresh cookie's life is over after as many seconds.
HALF_LIFE = 11
LIFETIME = {
    "POSTERN_TOKENS_REFRESH_LIFETIME": str(2 * HALF_LIFE),
    "POSTERN_TOKENS_ACCESS_LIFETIME": "3",
}

# What becomes of a request that a page of this site makes.
FETCH = """async (path) => {
    const answer = await fetch(path);
    return [answer.status, answer.redirected, answer.url, await answer.text()];
}"""
IMAGE = """(src) => new Promise((resolve) => {
    const image = new Image();
    image.onload = () => resolve(image.naturalWidth);
    image.onerror = () => resolve("error");
    image.src = src;
})"""
SOCKET = """(path) => new Promise((resolve) => {
    const socket = new WebSocket(`ws://${location.host}${path}`);
    window.socket = socket;
    window.heard = "";
    socket.onmessage = ({ data }) => {
        window.heard += data;
        resolve("open");
    };
    socket.onerror = () => resolve("error");
    socket.onclose = () => (window.heard += "closed");
})"""


@pytest.fixture(scope="module")
def jupyter():
    application = Jupyter()
    yield application
    application.stop()


@pytest.fixture(scope="module")
def installation(jupyter):
    started = Installation(
        POSTERN_GUARDED_APPLICATION=f"127.0.0.1:{jupyter.port}",
        POSTERN_GUARDED_PATH=Jupyter.PATH,
    )
    yield started
    started.stop()


def expect_files(page):
    expect(page.get_by_role("link", name="report.csv")).to_be_visible()


def open_terminal(page):
    """A new terminal's number, by the application's own way."""
    ask = """async () => {
        const token = document.cookie.match(/_xsrf=([^;]*)/)[1];
        const init = { method: "POST", headers: { "X-XSRFToken": token } };
        return (await (await fetch("/lab/api/terminals", init)).json()).name;
    }"""
    return page.evaluate(ask)


def type_in(page, words):
    page.evaluate("(text) => socket.send(JSON.stringify(['stdin', text]))", f"{words}\r")


def test_who_opens_a_page_signs_in_and_comes_back_to_it(installation, page):
    page.goto("/lab/tree?sort=a%20b&x=//y#files")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.url == f"{installation.url}/sign-in?to=/lab/tree?sort=a%20b&x=//y#files"
    fill_sign_in(page)
    expect_files(page)
    assert page.url == f"{installation.url}/lab/tree?sort=a%20b&x=//y#files"
    # Back leads to what was before, not to the sign-in page.
    page.go_back()
    assert page.url == "about:blank"


def test_who_is_signed_in_is_not_asked(installation, page):
    sign_in(page)
    page.goto("/lab/")
    expect_files(page)
    assert page.url == f"{installation.url}/lab/tree?"


def test_P11_without_a_session_nothing_that_a_page_loads_is_led_to_another(
    installation, page, context
):
    page.goto("/")
    settle(page)
    status, redirected, url, text = page.evaluate(FETCH, "/lab/api/contents")
    assert (status, redirected, text) == (401, False, "Please sign in")
    assert url == f"{installation.url}/lab/api/contents"
    with page.expect_response("**/dot.png") as response:
        assert page.evaluate(IMAGE, "/lab/files/dot.png") == "error"
    assert response.value.status == 401
    assert page.evaluate(SOCKET, "/lab/terminals/websocket/1") == "error"
    link = "{ href: '/lab/files/report.csv', download: '', textContent: 'Get it' }"
    page.evaluate(f"document.body.append(Object.assign(document.createElement('a'), {link}))")
    page.get_by_text("Get it").click()
    page.wait_for_timeout(500)
    assert installation.statuses("/lab/files/report.csv") == [401]


def test_with_one_all_of_it_works(page):
    sign_in(page)
    page.goto("/lab/tree")
    expect_files(page)
    status, _, _, text = page.evaluate(FETCH, "/lab/api/contents")
    assert status == 200 and "report.csv" in text
    assert page.evaluate(IMAGE, "/lab/files/dot.png") == 1
    with page.expect_download() as download:
        page.evaluate("location.href = '/lab/files/report.csv?download=1'")
    assert download.value.path().read_text() == "day,visits\nMonday,12\n"
    name = open_terminal(page)
    assert page.evaluate(SOCKET, f"/lab/terminals/websocket/{name}") == "open"
    type_in(page, "echo $((6*7))-is-it")
    page.wait_for_function("heard.includes('42-is-it')")


def test_the_application_s_own_page_works_by_its_websocket(page, context):
    sign_in(page)
    with page.expect_websocket() as socket:
        page.goto("/lab/notebooks/sum.ipynb")
    assert "/channels" in socket.value.url
    cell = page.locator(".input_area").first
    cell.click()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".output_area").first).to_contain_text("42")
    context.complaints.clear()


def test_P9_the_application_gets_no_cookie_of_postern(page):
    sign_in(page)
    page.goto("/lab/tree")
    expect_files(page)
    # Its processes can see what it sees; the page cannot see the cookie either.
    assert "__Host-" not in page.evaluate("document.cookie")
    assert "_xsrf" in page.evaluate("document.cookie")


def test_a_download_that_is_opened_waits_for_the_sign_in(page):
    page.goto("/lab/nbconvert/script/sum.ipynb?download=true")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    with page.expect_download() as download:
        fill_sign_in(page)
    assert "6*7" in download.value.path().read_text()
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()


def test_who_signs_out_is_out_of_the_application_too(page, context):
    sign_in(page)
    other = context.new_page()
    other.goto("/lab/tree")
    expect_files(other)
    name = open_terminal(other)
    assert other.evaluate(SOCKET, f"/lab/terminals/websocket/{name}") == "open"
    page.get_by_role("button", name="Sign out").click()
    expect_signed_out(page)
    assert other.evaluate(FETCH, "/lab/api/contents")[0] == 401
    # A WebSocket is asked about when it is opened, and goes on until it is closed.
    type_in(other, "echo $((6*7))-still")
    other.wait_for_function("heard.includes('42-still')")
    assert other.evaluate(SOCKET, f"/lab/terminals/websocket/{name}") == "error"
    other.goto("/lab/tree")
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    context.complaints.clear()


def test_a_link_of_another_site_leads_in_without_a_new_sign_in(installation, page, foreign):
    sign_in(page)
    address = f"{installation.url}/lab/tree?from=there"
    foreign.html = f"<!doctype html><a href='{address}'>There</a>"
    page.goto(foreign.url("127.0.0.1"))
    seen = []
    page.on("response", lambda answer: seen.append((answer.status, answer.url)))
    page.get_by_role("link").click()
    expect_files(page)
    assert page.url == address
    # SameSite keeps the cookie back at first; the sign-in page finds the session.
    assert (302, address) in seen and (200, address) in seen


def test_a_session_that_left_no_trace_in_the_page_is_found(installation, page, foreign):
    sign_in(page)
    # As the application may do, which shares the origin.
    page.evaluate("localStorage.clear()")
    foreign.html = f"<!doctype html><a href='{installation.url}/lab/tree'>There</a>"
    page.goto(foreign.url("127.0.0.1"))
    page.get_by_role("link").click()
    expect_files(page)


ACTS = {
    "fetch": "fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include' })",
    "image": "new Image().src = url",
    "frame": "document.body.append(Object.assign(document.createElement('iframe'), { src: url }))",
    "form": "document.querySelector('form').submit()",
    "WebSocket": "new WebSocket(url.replace('http', 'ws'))",
}


@pytest.mark.parametrize("act", ACTS)
def test_a_page_on_another_port_of_this_host_cannot_act(installation, page, foreign, context, act):
    # It is of the same site: the browser sends the cookie along.
    sign_in(page)
    path = f"/lab/api/{act}"
    url = f"{installation.url}{path}"
    foreign.html = f"<!doctype html><form method='post' action='{url}'></form>"
    page.goto(foreign.url("localhost"))
    page.evaluate(f"(url) => void ({ACTS[act]})", url)
    page.wait_for_timeout(500)
    assert installation.statuses(path) == [401]
    context.complaints.clear()


def test_P10_the_sign_in_page_leads_to_no_other_site(installation, page, context):
    tricks = ["//evil.example", "/\\evil.example", "https:evil.example", "%2f%2fevil.example"]
    tricks += ["/%09/evil.example", "/\t/evil.example", "\n//evil.example", "/..//evil.example"]
    tricks += ["javascript:document.title='owned'", "data:text/html,x", "https://evil.example"]
    tricks += [f"{installation.url}/devices", f"/{'x' * 7000}", "/sign-in?to=//evil.example"]
    sign_in(page)
    left = []
    context.on("request", lambda request: left.append(request.url))
    for trick in tricks:
        page.goto("/profile")
        settle(page)
        page.goto(f"{installation.url}/sign-in?to={trick}")
        if "%09" in trick:
            # A path of this site, odd as it is.
            expect(page.get_by_text("There is no page at")).to_be_visible()
            continue
        expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
        assert page.url == f"{installation.url}/", trick
        expect_signed_in(page)
    assert all(url.startswith(installation.url) for url in left)


def test_a_gate_that_goes_on_refusing_is_said_and_no_loop(page, context):
    sign_in(page)
    seen = []

    def refuse(route):
        seen.append(route.request.url)
        route.fulfill(status=302, headers={"Location": "/sign-in?to=/lab/tree"})

    context.route("**/lab/tree", refuse)
    page.goto("/lab/tree")
    expect(page.get_by_text("the page that you asked for sent you back")).to_be_visible()
    page.wait_for_timeout(1000)
    assert len(seen) <= 2
    context.unroute_all()
    page.get_by_role("link", name="Go on").click()
    expect_files(page)


def test_a_gate_that_cannot_be_asked_is_said(installation, page):
    sign_in(page)
    tokens = installation.folder / "data" / "tokens"
    moved = tokens.with_name("moved")
    tokens.rename(moved)
    try:
        tokens.write_text("no folder")
        answer = page.goto("/lab/tree")
        assert answer.status == 503
        assert page.url == f"{installation.url}/lab/tree"
    finally:
        tokens.unlink()
        moved.rename(tokens)
    page.reload()
    expect_files(page)


def test_P7_an_old_cookie_is_renewed_unseen(jupyter, browser):
    started = Installation(
        **LIFETIME,
        POSTERN_GUARDED_APPLICATION=f"127.0.0.1:{jupyter.port}",
        POSTERN_GUARDED_PATH=Jupyter.PATH,
    )
    context = browser.new_context(base_url=started.url)
    try:
        page = context.new_page()
        sign_in(page)

        def cookie():
            return next(c["value"] for c in context.cookies() if c["name"] == "__Host-refresh")

        # Longer than one cookie lives.
        for _ in range(2):
            before = cookie()
            page.wait_for_timeout(1000 * (HALF_LIFE + 1))
            # What a page loads does not wait for it.
            assert page.evaluate("fetch('/lab/api').then(({ status }) => status)") == 200
            page.goto("/lab/tree?x=1")
            expect_files(page)
            assert page.url == f"{started.url}/lab/tree?x=1"
            assert cookie() != before
    finally:
        context.close()
        started.stop()


def test_only_members_of_a_group_get_in(jupyter, browser):
    started = Installation(
        POSTERN_GUARDED_APPLICATION=f"127.0.0.1:{jupyter.port}",
        POSTERN_GUARDED_PATH=Jupyter.PATH,
        POSTERN_GUARDED_GROUPS="ops, night-watch",
    )
    try:
        started.add_user("olga")
        started.put_into_groups("olga", "night-watch")
        for name, status in [("olga", 200), ("alice", 403)]:
            context = browser.new_context(base_url=started.url)
            page = context.new_page()
            page.goto("/lab/tree")
            fill_sign_in(page, name)
            page.wait_for_url(re.compile(r"\d/lab/tree"))
            assert page.evaluate("fetch('/lab/api').then(({ status }) => status)") == status
            if status == 200:
                expect_files(page)
            else:
                # Not once more to the sign-in page: it could not help.
                expect(page.get_by_role("heading", name="This is not for you")).to_be_visible()
                answer = page.evaluate(FETCH, "/lab/api")
                assert (answer[0], answer[3]) == (403, "Access is forbidden")
                page.get_by_role("link", name="To the start page").click()
                expect_signed_in(page, name)
            context.close()
    finally:
        started.stop()
