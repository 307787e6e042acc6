"""The whole way through the pages, as a person goes it."""

from playwright.sync_api import expect

from installation import GOOD_PASSWORD
from steps import expect_jobs, expect_signed_in, fill_sign_in, go, sign_in, sign_out


def test_a_person_signs_in_looks_around_and_signs_out(installation, page):
    page.goto("/")
    page.get_by_role("banner").get_by_role("link", name="Sign in").click()
    fill_sign_in(page)
    expect(page).to_have_url(f"{installation.url}/profile")
    expect_jobs(page)
    assert page.locator("tbody").get_by_role("row").count() >= 3
    go(page, "Devices")
    expect(page.get_by_text("This one")).to_be_visible()
    sign_out(page)


def test_a_stranger_is_sent_to_sign_in_and_back_to_where_they_wanted(page):
    page.goto("/devices")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    fill_sign_in(page)
    expect(page.get_by_role("heading", name="Devices")).to_be_visible()


def test_a_reload_keeps_the_person_and_the_page(page):
    sign_in(page, to="/devices")
    page.reload()
    expect(page.get_by_text("This one")).to_be_visible()
    assert page.url.endswith("/devices")


def test_one_device_is_ended_and_then_all_others(installation, new_context):
    installation.add_user("dora")
    pages = [new_context().new_page() for _ in range(4)]
    for page in pages:
        sign_in(page, "dora", to="/devices")
    first = pages[0]
    first.reload()
    items = first.get_by_role("main").get_by_role("listitem")
    expect(items).to_have_count(4)
    items.nth(1).get_by_role("button").click()
    expect(items).to_have_count(3)
    first.get_by_role("button", name="End all others").click()
    expect(items).to_have_count(1)
    expect(first.get_by_text("You are signed in nowhere else.")).to_be_visible()
    for other in pages[1:]:
        other.goto("/profile")
        expect(other.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_changed_password_is_the_one_that_counts(installation, new_context):
    installation.add_user("emil")
    page, other = new_context().new_page(), new_context().new_page()
    sign_in(page, "emil")
    sign_in(other, "emil")
    page.goto("/password")
    page.get_by_label("Current password").fill(GOOD_PASSWORD)
    page.get_by_label("New password").fill("a better wind over the quay")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    other.goto("/profile")
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    page.reload()
    expect_signed_in(page, "emil")
    sign_out(page)
    page.goto("/sign-in")
    fill_sign_in(page, "emil")
    expect(page.get_by_role("alert")).to_contain_text("Username or password is wrong!")
    fill_sign_in(page, "emil", "a better wind over the quay")
    expect_signed_in(page, "emil")


def test_a_wrong_current_password_changes_nothing(installation, page):
    installation.add_user("fred")
    sign_in(page, "fred", to="/password")
    page.get_by_label("Current password").fill("not this one")
    page.get_by_label("New password").fill("a better wind over the quay")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect_signed_in(page, "fred")
