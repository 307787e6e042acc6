"""The pages keep to a strict policy, and nothing that runs in them can reach a refresh token."""

import pytest
from playwright.sync_api import expect

from steps import PAGES, expect_jobs, settle, sign_in, visit


@pytest.mark.parametrize("signed_in", [False, True])
def test_L1_no_page_goes_against_the_policy(page, signed_in):
    violations = []
    page.expose_function("violated", lambda words: violations.append(words))
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation',"
        " (event) => violated(`${event.violatedDirective} ${event.blockedURI}`));"
    )
    if signed_in:
        sign_in(page)
    for path in PAGES:
        visit(page, path)
    assert violations == []


@pytest.mark.parametrize(
    "attack",
    [
        "document.body.innerHTML = '<img src=x onerror=\"window.owned = 1\">'",
        "document.body.append(Object.assign(document.createElement('script'),"
        " { textContent: 'window.owned = 1' }))",
        "document.write('<script>window.owned = 1</scr' + 'ipt>')",
        "Object.assign(document.createElement('script'), { src: 'https://example.org/x.js' })",
    ],
)
def test_L1_the_policy_blocks_scripts_that_are_not_the_sites_files(context, page, attack):
    page.goto("/")
    settle(page)
    message = page.evaluate(f"() => {{ try {{ {attack} }} catch (error) {{ return error.name }} }}")
    assert message == "TypeError"
    assert page.evaluate("window.owned") is None
    context.complaints.clear()


def test_Q11_no_page_may_use_what_pages_do_not_need(page):
    for path in PAGES:
        page.goto(path)
        settle(page)
        for feature in ["camera", "geolocation", "microphone", "payment", "usb"]:
            allowed = page.evaluate(f"document.featurePolicy.allowsFeature('{feature}')")
            assert not allowed, f"{feature} on {path}"


def test_L1_no_token_is_where_scripts_can_read_it(page, context):
    sign_in(page)
    expect_jobs(page)
    cookie = next(c for c in context.cookies() if c["name"] == "__Host-refresh")
    assert cookie["httpOnly"] and cookie["secure"] and cookie["sameSite"] == "Strict"
    assert page.evaluate("document.cookie") == ""
    stored = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    assert "ey" not in stored and cookie["value"] not in stored


def test_L12_no_other_site_can_frame_a_page(installation, page, foreign):
    for path in PAGES:
        foreign.html = f"<!doctype html><iframe src='{installation.url}{path}'></iframe>"
        page.goto(foreign.url("127.0.0.1"))
        frame = page.frames[1]
        expect(frame.locator("#main")).to_have_count(0)
        assert "chrome-error" in frame.evaluate("location.href")
    page.context.complaints.clear()


def test_L12_a_page_that_another_site_opened_has_no_opener(installation, page, foreign):
    act = f"window.opened = window.open(`{installation.url}/`)"
    foreign.html = f"<!doctype html><button onclick='{act}'>"
    page.goto(foreign.url("127.0.0.1"))
    with page.context.expect_page() as popup:
        page.get_by_role("button").click()
    settle(popup.value)
    assert popup.value.evaluate("window.opener") is None
    assert page.evaluate("window.opened.closed")


def test_L12_a_link_to_another_site_tells_it_nothing(page, foreign):
    page.goto("/sign-in?to=/devices")
    settle(page)
    page.evaluate(
        "(href) => document.querySelector('main').append(Object.assign("
        "document.createElement('a'), { href, textContent: 'Away' }))",
        foreign.url("127.0.0.1"),
    )
    page.get_by_role("link", name="Away").click()
    expect(page).to_have_title("Another site")
    assert foreign.requests and "Referer" not in foreign.requests[0]
