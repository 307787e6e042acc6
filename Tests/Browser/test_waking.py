"""Tabs that wake with expired tokens, and devices whose clock is wrong."""

import time

import pytest
from playwright.sync_api import expect

from steps import BRIEF, counted, expect_jobs, expect_signed_in, go, let_expire, sign_in

SETTINGS = BRIEF
DAY = 24 * 60 * 60 * 1000


def click_at_once(pages, selector):
    at = (time.time() + 1) * 1000
    click = """([selector, at]) => {
        setTimeout(() => document.querySelector(selector).click(), at - Date.now());
    }"""
    for page in pages:
        page.evaluate(click, [selector, at])


def test_L3_ten_tabs_wake_with_expired_tokens_and_stay_signed_in(installation, context):
    installation.add_user("ten-tabs")
    first = context.new_page()
    sign_in(first, "ten-tabs", to="/")
    tabs = [first] + [context.new_page() for _ in range(9)]
    for tab in tabs[1:]:
        tab.goto("/")
        expect_signed_in(tab)
    let_expire()
    refreshes = counted(context, "/refresh-token")
    # Two requests each with an expired token: the person's data and their jobs.
    click_at_once(tabs, "nav a[href='/profile']")
    for tab in tabs:
        expect(tab.get_by_role("region", name="You")).to_contain_text("ten-tabs@example.org")
        expect(tab.get_by_text("There are no jobs here yet.")).to_be_visible()
        expect(tab.get_by_role("alert")).to_have_count(0)
    assert 1 <= len(refreshes) <= 10, "one refresh is enough for all requests of a tab"
    go(first, "Devices")
    expect(first.get_by_role("main").get_by_role("listitem")).to_have_count(1)


def test_L3_requests_of_one_tab_share_one_refresh(page, context):
    sign_in(page)
    let_expire()
    refreshes = counted(context, "/refresh-token")
    statuses = page.evaluate("""async () => {
        const { client } = await import("/shared/client.js");
        const asks = Array.from({ length: 12 }, () => client.fetch("/job-list"));
        return (await Promise.all(asks)).map(({ status }) => status);
    }""")
    assert statuses == [200] * 12
    assert len(refreshes) == 1


@pytest.mark.parametrize("days", [-1, 1])
def test_L8_a_clock_that_is_a_day_wrong_changes_nothing(context, days):
    context.add_init_script(f"""{{
        const now = Date.now.bind(Date);
        globalThis.Date = class extends Date {{
            constructor(...parts) {{ parts.length ? super(...parts) : super(Date.now()); }}
            static now() {{ return now() + {days * DAY}; }}
        }};
    }}""")
    page = context.new_page()
    refreshes = counted(context, "/refresh-token")
    sign_in(page, to="/")
    assert refreshes == [], "a token that the server has just made needs no refresh"
    let_expire()
    go(page, "Profile")
    expect_jobs(page)
    assert len(refreshes) == 1
    go(page, "Devices")
    expect(page.get_by_text("last used just now").first).to_be_visible()


def test_L8_a_laptop_that_slept_past_the_expiry_goes_on(page):
    sign_in(page)
    session = page.context.new_cdp_session(page)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    let_expire()
    session.send("Page.setWebLifecycleState", {"state": "active"})
    go(page, "Devices")
    expect(page.get_by_text("This one")).to_be_visible()
    expect_signed_in(page, "alice")
