"""Clients that keep both tokens in `localStorage`, as they did before there was a module."""

import pytest

from steps import BRIEF, counted, let_expire

SETTINGS = BRIEF

# What an existing client does, without the module.
SIGN_IN = """async () => {
    const body = JSON.stringify({ username: "alice", password: "postern-demo" });
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch("/login", { method: "POST", headers, body });
    const { accessToken, refreshToken } = await answer.json();
    localStorage.setItem("token", accessToken);
    localStorage.setItem("refreshToken", refreshToken);
    return refreshToken;
}"""
START = """async () => {
    const { createClient } = await import("/postern.js");
    window.local = createClient({ tokens: "local" });
    window.changes = [];
    local.addEventListener("change", ({ user, reason }) => changes.push([user?.username, reason]));
    return (await local.restore())?.username;
}"""
JOBS = "async () => (await (await local.fetch('/job-list')).json()).length"


@pytest.fixture
def tabs(context):
    pages = [context.new_page() for _ in range(3)]
    for page in pages:
        page.goto("/")
    return pages


def wait_until_signed_out(tab):
    """The page may evaluate nothing by itself (its policy), so it is asked from outside."""
    for _ in range(100):
        if tab.evaluate("local.status") == "signed-out":
            return
        tab.wait_for_timeout(50)
    raise AssertionError("still not signed out after five seconds")


def test_local_tokens_of_an_existing_client_are_taken_over(tabs):
    before = tabs[0].evaluate(SIGN_IN)
    assert [tab.evaluate(START) for tab in tabs] == ["alice"] * 3
    let_expire()
    assert [tab.evaluate(JOBS) >= 3 for tab in tabs] == [True] * 3
    assert tabs[0].evaluate("localStorage.getItem('refreshToken')") != before


def test_L3_tabs_with_local_tokens_share_what_one_of_them_refreshed(tabs, context):
    tabs[0].evaluate(SIGN_IN)
    for tab in tabs:
        tab.evaluate(START)
    let_expire()
    refreshes = counted(context, "/refresh-token")
    for tab in tabs:
        assert tab.evaluate(JOBS) >= 3
    assert 1 <= len(refreshes) <= len(tabs)


def test_L4_local_tokens_are_gone_in_all_tabs_after_signing_out(tabs):
    tabs[0].evaluate(SIGN_IN)
    for tab in tabs:
        tab.evaluate(START)
    tabs[0].evaluate("local.logout()")
    for tab in tabs:
        wait_until_signed_out(tab)
        assert tab.evaluate("localStorage.getItem('token')") is None
        assert tab.evaluate("localStorage.getItem('refreshToken')") is None


def test_L4_an_existing_client_that_signs_out_in_another_tab_is_heard(tabs):
    tabs[0].evaluate(SIGN_IN)
    tabs[1].evaluate(START)
    tabs[0].evaluate("['token', 'refreshToken'].forEach((key) => localStorage.removeItem(key))")
    wait_until_signed_out(tabs[1])
