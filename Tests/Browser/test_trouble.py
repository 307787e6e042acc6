"""Trouble is not a verdict: whatever the network says, the session is kept."""

import pytest
from playwright.sync_api import expect

from steps import (
    BRIEF,
    counted,
    expect_jobs,
    expect_signed_in,
    expect_signed_out,
    go,
    let_expire,
    sign_in,
)

SETTINGS = BRIEF

PORTAL = "<!doctype html><title>Hotel Wi-Fi</title><h1>Please accept our terms</h1>"
TROUBLES = {
    "502": {"status": 502, "content_type": "text/plain", "body": "Bad gateway"},
    "500": {"status": 500, "content_type": "text/html", "body": "<h1>Oops</h1>"},
    "503": {
        "status": 503,
        "content_type": "text/plain",
        "headers": {"Retry-After": "1"},
        "body": "The store is busy",
    },
    "429": {
        "status": 429,
        "content_type": "text/plain",
        "headers": {"Retry-After": "1"},
        "body": "Too many requests",
    },
    "portal": {"status": 200, "content_type": "text/html", "body": PORTAL},
    "portal's 403": {"status": 403, "content_type": "text/html", "body": PORTAL},
    "empty": {"status": 200, "content_type": "application/json", "body": ""},
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_L6_trouble_with_a_refresh_keeps_the_session(page, context, trouble):
    sign_in(page, to="/")
    let_expire()
    context.route("**/refresh-token", lambda route: route.fulfill(**TROUBLES[trouble]))
    go(page, "Profile")
    expect(page.get_by_text("You stay signed in.")).to_be_visible()
    expect_signed_in(page, "alice")
    context.unroute_all()
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_text("You stay signed in.")).to_have_count(0)
    page.reload()
    expect_jobs(page)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_L6_trouble_with_a_start_asks_nobody_to_sign_in(page, context, trouble):
    sign_in(page)
    context.route("**/refresh-token", lambda route: route.fulfill(**TROUBLES[trouble]))
    page.reload()
    expect(page.get_by_text("We could not ask whether you are signed in")).to_be_visible()
    assert page.url.endswith("/profile")
    context.unroute_all()
    # Nobody presses anything: it asks again by itself.
    expect_jobs(page)
    expect_signed_in(page, "alice")


def test_L6_offline_and_online_again(page, context):
    sign_in(page, to="/")
    let_expire()
    context.set_offline(True)
    go(page, "Profile")
    expect(page.get_by_text("This device is offline. You stay signed in.")).to_be_visible()
    expect_signed_in(page, "alice")
    context.set_offline(False)
    # Nobody presses anything: what could not be loaded is asked for again.
    expect_jobs(page)


def test_L6_a_server_that_asks_for_patience_is_left_alone(page, context):
    sign_in(page, to="/")
    let_expire()
    busy = {**TROUBLES["503"], "headers": {"Retry-After": "120"}}
    context.route("**/refresh-token", lambda route: route.fulfill(**busy))
    refreshes = counted(context, "/refresh-token")
    for link in ("Profile", "Devices", "Profile", "Home", "Devices"):
        go(page, link)
        page.wait_for_timeout(300)
    assert len(refreshes) == 1
    expect_signed_in(page, "alice")


def test_L10_a_session_that_is_over_is_one_sign_out_and_no_loop(page, context):
    sign_in(page, to="/")
    let_expire()
    context.clear_cookies()
    refreshes = counted(context, "/refresh-token")
    go(page, "Profile")
    expect(page.get_by_text("Your session has ended. Please sign in again.")).to_be_visible()
    expect_signed_out(page)
    page.wait_for_timeout(1500)
    assert len(refreshes) == 1


@pytest.mark.parametrize("refresh_too", [False, True])
def test_L10_a_storm_of_401_makes_no_loop(page, context, refresh_too):
    sign_in(page, to="/")
    refused = {"status": 401, "content_type": "text/plain", "body": "jwt expired"}
    paths = ["job-list", "current-user", *(["refresh-token"] if refresh_too else [])]
    for path in paths:
        context.route(f"**/{path}", lambda route: route.fulfill(**refused))
    requests = counted(context, "")
    go(page, "Profile")
    expect(page.get_by_role("alert").first).to_be_visible()
    page.wait_for_timeout(1500)
    asked = [request.url for request in requests]
    assert sum(url.endswith("/job-list") for url in asked) <= 2
    assert sum(url.endswith("/refresh-token") for url in asked) <= 4
