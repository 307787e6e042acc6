"""How long a sign-in lasts: with the browser, or beyond its end."""

import time

import pytest
from playwright.sync_api import expect

from conftest import PATIENCE
from steps import expect_jobs, expect_signed_in, fill_sign_in, sign_in

DAY = 86_400


@pytest.fixture
def start(browser, installation, tmp_path):
    """Starts a browser anew, with the profile that it had."""
    running = []

    def make():
        while running:
            running.pop().close()
        context = browser.browser_type.launch_persistent_context(
            tmp_path / "profile",
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox"],
            base_url=installation.url,
        )
        context.set_default_timeout(PATIENCE)
        running.append(context)
        return context, context.new_page()

    yield make
    while running:
        running.pop().close()


def days_left(context):
    cookie = next(c for c in context.cookies() if c["name"] == "__Host-refresh")
    return None if cookie["expires"] == -1 else (cookie["expires"] - time.time()) / DAY


def sign_in_for_now(page):
    page.goto("/sign-in?to=/profile")
    choice = page.get_by_label("Keep me signed in on this device")
    expect(choice).to_be_checked()
    choice.uncheck()
    fill_sign_in(page)
    expect_jobs(page)


def test_P14_a_sign_in_outlasts_the_browser(start):
    context, page = start()
    sign_in(page)
    expect_jobs(page)
    assert 29.9 < days_left(context) < 30.1
    for _ in range(2):
        context, page = start()
        page.goto("/profile")
        expect_jobs(page)
        assert 29.9 < days_left(context) < 30.1


def test_P14_one_that_is_not_to_be_kept_ends_with_the_browser(start):
    context, page = start()
    sign_in_for_now(page)
    assert days_left(context) is None
    page.reload()
    expect_jobs(page)
    assert days_left(context) is None
    context, page = start()
    page.goto("/profile")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_label("Keep me signed in on this device")).to_be_checked()


def test_P14_a_sign_in_ends_the_session_that_this_browser_had(installation, page):
    installation.add_user("ruth")
    sign_in(page, username="ruth")
    for _ in range(3):
        # The page has forgotten, and the cookie is still there.
        page.evaluate("localStorage.clear()")
        page.goto("/sign-in?to=/devices")
        fill_sign_in(page, username="ruth")
        expect_signed_in(page, "ruth")
        expect(page.get_by_text("This one")).to_be_visible()
        expect(page.get_by_role("button", name="End all others")).to_have_count(0)
