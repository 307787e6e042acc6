"""What is left after a sign-out: in other tabs, in the history, in answers on the way."""

import pytest
from playwright.sync_api import expect

from steps import (
    ASK,
    ended,
    expect_jobs,
    expect_signed_in,
    expect_signed_out,
    go,
    sign_in,
    sign_out,
)

PRIVATE = ["alice@", "Alice"]


def expect_nothing_private(page):
    expect(page.locator("tbody")).to_have_count(0)
    text = page.content()
    assert [word for word in PRIVATE if word in text] == []


def test_L4_signing_out_in_one_tab_shows_in_the_others(context):
    one, other, third = [context.new_page() for _ in range(3)]
    sign_in(one)
    other.goto("/profile")
    third.goto("/")
    expect_jobs(other)
    expect_signed_in(third)
    sign_out(one)
    for tab in (other, third):
        expect_signed_out(tab)
        expect_nothing_private(tab)
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(other.get_by_text("You have signed out in another tab.")).to_be_visible()


def test_L4_signing_in_in_one_tab_shows_in_the_others(context):
    one, other = context.new_page(), context.new_page()
    other.goto("/devices")
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(one)
    expect(other.get_by_role("heading", name="Devices")).to_be_visible()
    expect_signed_in(other, "alice")


@pytest.mark.parametrize("path", ["refresh-token", "current-user", "job-list"])
def test_L4_an_answer_in_flight_does_not_restore_the_session(context, path):
    one, other = context.new_page(), context.new_page()
    sign_in(one, to="/")
    held = []
    other.route(f"**/{path}", lambda route: held.append((route, route.fetch())))
    with other.expect_request(f"**/{path}"):
        other.goto("/profile")
    with ended(other, path):
        sign_out(one)
    for route, answer in held:
        route.fulfill(response=answer)
    expect_signed_out(other)
    expect_nothing_private(other)
    other.unroute_all()
    other.reload()
    expect_signed_out(other)


def test_L4_an_answer_in_flight_is_given_to_nobody(context):
    one, other = context.new_page(), context.new_page()
    sign_in(one, to="/")
    other.goto("/")
    expect_signed_in(other)
    held = []
    other.route("**/job-list", lambda route: held.append((route, route.fetch())))
    with other.expect_request("**/job-list"):
        other.evaluate(ASK, "/job-list")
    sign_out(one)
    expect_signed_out(other)
    for route, answer in held:
        route.fulfill(response=answer)
    assert other.evaluate("asked") == "signed-out"


def test_L5_back_after_signing_out_shows_nothing_private(page):
    sign_in(page)
    expect_jobs(page)
    go(page, "Devices")
    expect(page.get_by_text("This one")).to_be_visible()
    sign_out(page)
    for _ in range(2):
        page.go_back()
        expect_signed_out(page)
        expect_nothing_private(page)


def test_L5_back_from_another_site_after_signing_out_elsewhere(context, foreign):
    page, other = context.new_page(), context.new_page()
    sign_in(page)
    expect_jobs(page)
    page.goto(foreign.url("localhost"))
    other.goto("/")
    expect_signed_in(other)
    sign_out(other)
    page.go_back()
    expect_signed_out(page)
    expect_nothing_private(page)


def test_L5_what_is_private_is_stored_nowhere(page):
    answers = {}
    page.on("response", lambda r: answers.update({r.url.split("/", 3)[3]: r.all_headers()}))
    sign_in(page)
    expect_jobs(page)
    go(page, "Devices")
    expect(page.get_by_text("This one")).to_be_visible()
    for path in ("login", "current-user", "job-list", "sessions"):
        assert answers[path]["cache-control"] == "no-store", path
