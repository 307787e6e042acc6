"""Passwords that are chosen by an operator's link, and what the pages say of new ones."""

import pytest
from playwright.sync_api import expect

from installation import GOOD_PASSWORD
from steps import expect_signed_in, fill_sign_in, sign_in, sign_out

NEW = "another wind over the quay"


def choose(page, password=NEW):
    page.get_by_label("New password").fill(password)
    page.get_by_role("button", name="Choose password").click()


def verdict(page):
    return page.locator(".verdict")


def test_P13_a_person_chooses_a_password_by_a_link_once(installation, new_context):
    link = installation.add_user_by_link("lena")
    page = new_context().new_page()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(link)
    expect(page.get_by_text("For the account lena")).to_be_visible()
    choose(page)
    expect_signed_in(page, "lena")
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    assert page.url.endswith("/profile")
    secret = link.split(".")[-1]
    assert not any(secret in url.split("#")[0] for url in requests)
    sign_out(page)
    page.goto("/sign-in")
    fill_sign_in(page, "lena", NEW)
    expect_signed_in(page, "lena")

    second = new_context().new_page()
    second.goto(link)
    choose(second, "a third wind over the quay")
    expect(second.get_by_role("alert")).to_contain_text("it was used before")
    fill = new_context().new_page()
    sign_in(fill, "lena", NEW)


def test_P13_a_link_signs_out_every_browser_and_in_where_it_is_used(installation, new_context):
    installation.add_user("mona")
    other, page = new_context().new_page(), new_context().new_page()
    sign_in(other, "mona")
    sign_in(page)
    page.goto(installation.link("mona"))
    choose(page)
    expect_signed_in(page, "mona")
    other.goto("/devices")
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()


def test_P13_a_refused_password_says_why_and_the_link_stays_good(installation, page):
    page.goto(installation.add_user_by_link("nina"))
    expect(page.get_by_text("At least 15 characters")).to_be_visible()
    field = page.get_by_label("New password")
    for password, reason in (
        ("fourteen quays", "it needs at least 15 characters, and has 14"),
        ("passwordpassword", "it says the same again and again"),
        ("nina@example.org", "it is mostly your name or address"),
    ):
        choose(page, password)
        expect(verdict(page)).to_contain_text(reason)
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_role("alert")).to_have_count(0)
    page.keyboard.type("!")
    expect(verdict(page)).to_be_empty()
    expect(field).not_to_have_attribute("aria-invalid", "true")
    page.reload()
    choose(page)
    expect_signed_in(page, "nina")


def test_P13_the_sign_in_after_it_may_fail(installation, page):
    page.goto(installation.add_user_by_link("olga"))
    page.route("**/login", lambda route: route.abort())
    choose(page)
    expect(page.get_by_text("Your password is set.")).to_be_visible()
    page.unroute("**/login")
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    fill_sign_in(page, "olga", NEW)
    expect_signed_in(page, "olga")


@pytest.mark.parametrize("hash", ["", "#", "#x", "#bm9ib2R5.short", "#<img src=x>.%00"])
def test_P13_a_link_that_is_not_whole_is_said_to_be_so(page, hash):
    page.goto(f"/link{hash}")
    expect(page.get_by_text("This link is not whole.")).to_be_visible()
    expect(page.get_by_label("New password")).to_have_count(0)


def test_L13_a_changed_password_is_held_to_the_same_rule(installation, page):
    installation.add_user("pia")
    sign_in(page, "pia", to="/password")
    expect(page.get_by_text("At least 15 characters")).to_be_visible()
    field = page.get_by_label("New password")
    field.fill("seven77")
    expect(page.locator(".count")).to_have_text("7 of 15 characters")
    # Composed, as the server counts.
    field.fill("e\u0301" * 15)
    expect(page.locator(".count")).to_have_text("15 characters")
    page.get_by_label("Current password").fill(GOOD_PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(verdict(page)).to_contain_text("too easy to guess")
    field.fill(NEW)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password is changed")).to_be_focused()
    expect(page.locator(".count")).to_be_empty()


def test_L13_what_is_typed_is_shown_by_a_button_that_the_keyboard_reaches(installation, page):
    page.goto(installation.add_user_by_link("rosa"))
    field = page.get_by_label("New password")
    field.fill(NEW)
    expect(field).to_have_attribute("type", "password")
    page.keyboard.press("Tab")
    button = page.get_by_role("button", name="Show what is typed")
    expect(button).to_be_focused()
    for pressed, kind in (("true", "text"), ("false", "password")):
        page.keyboard.press("Space")
        expect(button).to_have_attribute("aria-pressed", pressed)
        expect(field).to_have_attribute("type", kind)
    expect(field).to_have_value(NEW)
