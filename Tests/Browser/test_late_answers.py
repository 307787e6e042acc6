"""Refreshes whose answers are lost, repeated when no grace is left: after a sleep, by the next page."""

import time

import pytest
from playwright.sync_api import expect

from steps import deliver, expect_jobs, expect_signed_in, expect_signed_out, sign_in

GRACE = 1
SETTINGS = {"POSTERN_TOKENS_GRACE": str(GRACE)}

SIGN_IN = """async (tokens) => {
    const { createClient } = await import("/postern.js");
    window.client = createClient({ tokens });
    await client.login("alice", "postern-demo");
}"""
START = """async (tokens) => {
    const { createClient } = await import("/postern.js");
    window.client = createClient({ tokens });
    return (await client.restore())?.username;
}"""
# Without waiting for it: the page may be gone before.
REFRESH = "() => { client.retry().catch(() => {}); }"
USERNAME = """async () => {
    await client.retry();
    return (await (await client.fetch("/current-user")).json()).username;
}"""


class LostAnswers:
    """The server carries out what it is asked for. The browser hears of nothing, or of no more than
    the cookie."""

    def __init__(self, context, keeps_cookie=False):
        self._context = context
        self._keeps_cookie = keeps_cookie
        self._attempts = []
        context.route("**/refresh-token", self._handle)

    def _handle(self, route):
        cookie = deliver(route, self._context)
        if self._keeps_cookie and cookie:
            self._context.add_cookies([cookie])
        self._attempts.append(route.request.post_data_json.get("attempt"))
        route.abort("connectionreset")

    def wait(self, page, count=3):
        for _ in range(600):
            if len(self._attempts) >= count:
                break
            page.wait_for_timeout(50)
        assert len(self._attempts) >= count
        assert len(set(self._attempts)) == 1 and self._attempts[0]

    def end(self):
        """Lets answers through again, when the grace of all that were lost is over."""
        time.sleep(GRACE + 1)
        self._context.unroute("**/refresh-token")


@pytest.mark.parametrize("keeps_cookie", [False, True])
def test_P3_the_next_page_stays_signed_in_after_a_lost_answer_and_a_sleep(
    page, context, keeps_cookie
):
    sign_in(page)
    lost = LostAnswers(context, keeps_cookie)
    page.reload()
    lost.wait(page)
    page.close()
    lost.end()
    next_page = context.new_page()
    next_page.goto("/profile")
    expect_jobs(next_page)
    # What came of it is a chain like any other.
    next_page.reload()
    expect_jobs(next_page)


@pytest.mark.parametrize("keeps_cookie", [False, True])
def test_P3_two_tabs_stay_signed_in_whichever_of_them_asks_first(page, context, keeps_cookie):
    other = context.new_page()
    sign_in(page)
    other.goto("/devices")
    expect_signed_in(other)
    for first, second in [(page, other), (other, page)]:
        lost = LostAnswers(context, keeps_cookie)
        second.reload(wait_until="commit")
        lost.wait(second)
        lost.end()
        first.reload()
        expect_signed_in(first, "alice")
        time.sleep(GRACE + 1)
        second.reload()
        expect_signed_in(second, "alice")


def test_P3_a_page_that_slept_goes_on_by_itself(page, context):
    sign_in(page)
    lost = LostAnswers(context)
    page.reload()
    lost.wait(page)
    lost.end()
    expect_jobs(page)


@pytest.mark.parametrize("tokens", ["local", "memory"])
def test_P3_other_ways_of_keeping_tokens_outlast_it_too(page, context, tokens):
    page.goto("/")
    page.evaluate(SIGN_IN, tokens)
    lost = LostAnswers(context)
    page.evaluate(REFRESH)
    lost.wait(page)
    lost.end()
    assert page.evaluate(USERNAME) == "alice"
    time.sleep(GRACE + 1)
    assert page.evaluate(USERNAME) == "alice"


def test_P3_the_next_page_goes_on_with_local_tokens(page, context):
    page.goto("/")
    page.evaluate(SIGN_IN, "local")
    lost = LostAnswers(context)
    page.evaluate(REFRESH)
    lost.wait(page)
    page.close()
    lost.end()
    tabs = [context.new_page(), context.new_page()]
    for tab in tabs:
        tab.goto("/")
        assert tab.evaluate(START, "local") == "alice"
    for tab in tabs:
        assert tab.evaluate(USERNAME) == "alice"
        time.sleep(GRACE + 1)


def test_P4_a_thief_with_the_old_token_alone_is_found(page, context):
    sign_in(page)
    expect_jobs(page)
    stolen = context.cookies()
    page.reload()
    expect_jobs(page)
    time.sleep(GRACE + 1)
    now = context.cookies()
    context.add_cookies(stolen)
    # Made by the page for its current token, and so of no use for the old one.
    page.reload()
    expect_signed_out(page)
    context.add_cookies(now)
    go_on = context.new_page()
    go_on.goto("/profile")
    expect(go_on.get_by_role("heading", name="Sign in")).to_be_visible()
