"""Whatever a server or an address says is shown as text."""

import json

import pytest
from playwright.sync_api import expect

from steps import expect_jobs, expect_signed_in, go, settle, sign_in, visit

MARKS = [
    "<img src=x onerror='window.owned = 1'>",
    "<script>window.owned = 1</script>",
    "\"><svg onload=window.owned=1>",
    "</script><script>window.owned = 1</script>",
    "<a href=javascript:window.owned=1>\u2028{{7*7}}</a>",
]
SHOWN_JOB_FIELDS = [
    "company_name",
    "title",
    "first_date",
    "last_date",
    "skills",
    "department",
    "ein",
]


def expect_text_only(page):
    settle(page)
    assert page.evaluate("window.owned") is None
    assert page.locator("main :is(img, svg, script, a[href^='javascript'])").count() == 0


@pytest.mark.parametrize("mark", MARKS)
def test_L1_markup_in_a_persons_fields_is_text(installation, page, mark):
    name = f"marks-{MARKS.index(mark)}"
    fields = ["first_name", "last_name", "gender", "phone", "city"]
    installation.add_user(name, **{field: mark for field in fields})
    sign_in(page, name)
    shown = page.get_by_role("region", name="You")
    expect(shown).to_contain_text(f"{mark} {mark}".replace("\u2028", " "))
    for label in ("Phone", "City", "Gender"):
        expect(shown).to_contain_text(label)
    expect_text_only(page)
    go(page, "Home")
    expect(page.get_by_role("heading", level=1)).to_contain_text(mark.split("\u2028")[0])
    expect_text_only(page)


def test_L1_markup_in_each_field_of_a_job_is_text(page, context):
    jobs = [{"id": mark, **{field: mark for field in SHOWN_JOB_FIELDS}} for mark in MARKS]
    context.route(
        "**/job-list",
        lambda route: route.fulfill(content_type="application/json", body=json.dumps(jobs)),
    )
    sign_in(page)
    expect_jobs(page)
    rows = page.locator("tbody").get_by_role("row")
    for row, mark in zip(rows.all(), MARKS, strict=True):
        expect(row.get_by_text(mark.split("\u2028")[0])).to_have_count(len(SHOWN_JOB_FIELDS))
    expect_text_only(page)


@pytest.mark.parametrize("mark", MARKS[:4])
def test_L1_markup_in_a_user_agent_is_text(new_context, page, mark):
    other = new_context(user_agent=mark).new_page()
    sign_in(other, "bob")
    sign_in(page, "bob", to="/devices")
    expect(page.get_by_text("This one")).to_be_visible()
    assert page.locator(f"h2[title={json.dumps(mark)}]").count() == 1
    expect_text_only(page)


def test_L1_markup_in_an_error_of_the_server_is_text(page, context):
    context.route(
        "**/login",
        lambda route: route.fulfill(status=400, content_type="text/plain", body=f"No {MARKS[0]}"),
    )
    page.goto("/sign-in")
    page.get_by_label("Username").fill(MARKS[1])
    page.get_by_label("Password", exact=True).fill("x")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text(f"No {MARKS[0]}")
    expect_text_only(page)


@pytest.mark.parametrize("mark", MARKS[:4])
def test_L1_markup_in_an_address_is_text(page, mark):
    for address in (f"/{mark}", f"/nowhere#{mark}", f"/?q={mark}", f"/sign-in?to={mark}"):
        visit(page, address)
        expect_text_only(page)
        page.goto(address)
        assert page.evaluate("window.owned") is None


WRONG_NEXT = [
    "javascript:window.owned=1",
    "//example.org/",
    "/\\example.org/",
    "https://example.org/",
    "/%09/example.org",
]


@pytest.mark.parametrize("wanted", WRONG_NEXT)
def test_L1_signing_in_leads_to_no_other_site(installation, page, wanted):
    sign_in(page, to=wanted)
    expect_signed_in(page, "alice")
    assert page.url.startswith(f"{installation.url}/")
    assert page.evaluate("window.owned") is None
