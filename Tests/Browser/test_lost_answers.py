"""Refreshes that do not end as they should: no answer, a dead worker, a page that is gone."""

import signal

from playwright.sync_api import expect

from steps import (
    BRIEF,
    counted,
    deliver,
    expect_jobs,
    expect_signed_in,
    go,
    let_expire,
    sign_in,
)

SETTINGS = BRIEF


def refresh_cookie(context):
    return next(c["value"] for c in context.cookies() if c["name"] == "__Host-refresh")


def cut_first_answer(context):
    """The server carries the first refresh out, and nobody hears of it."""
    cut = []

    def handle(route):
        if cut:
            return route.continue_()
        cut.append(route)
        deliver(route, context)
        route.abort("connectionreset")

    context.route("**/refresh-token", handle)
    return cut


def test_L7_a_refresh_whose_answer_is_cut_off_is_asked_for_again(page, context):
    sign_in(page, to="/")
    let_expire()
    before = refresh_cookie(context)
    cut = cut_first_answer(context)
    refreshes = counted(context, "/refresh-token")
    go(page, "Profile")
    expect_jobs(page)
    assert len(cut) == 1
    assert len(refreshes) == 2
    assert refresh_cookie(context) != before
    let_expire()
    go(page, "Devices")
    expect(page.get_by_text("This one")).to_be_visible()


def test_L7_a_worker_killed_in_mid_refresh_signs_nobody_out(installation, page, context):
    sign_in(page, to="/")
    let_expire()
    killed = []

    def handle(route):
        if not killed:
            killed.extend(installation.workers)
            installation.signal_workers(signal.SIGSTOP)
            route.continue_()
            # The request is with a worker that will never answer it.
            page.wait_for_timeout(200)
            installation.signal_workers(signal.SIGKILL)
        else:
            route.continue_()

    context.route("**/refresh-token", handle)
    answers = []
    context.on("response", lambda r: r.url.endswith("/refresh-token") and answers.append(r.status))
    go(page, "Profile")
    expect_jobs(page)
    expect_signed_in(page, "alice")
    assert answers[0] == 502 and answers[-1] == 200
    assert set(killed).isdisjoint(installation.workers)


def hold_first_refresh(context):
    held = []

    def handle(route):
        if held:
            return route.continue_()
        deliver(route, context)
        held.append(route)

    context.route("**/refresh-token", handle)
    return held


def test_L9_a_reload_during_a_refresh_stays_signed_in(page, context):
    sign_in(page, to="/")
    let_expire()
    held = hold_first_refresh(context)
    with page.expect_request("**/refresh-token"):
        go(page, "Profile")
    page.reload()
    expect_jobs(page)
    assert len(held) == 1


def test_L9_closing_the_tab_during_a_refresh_leaves_the_next_start_signed_in(page, context):
    sign_in(page, to="/")
    let_expire()
    held = hold_first_refresh(context)
    with page.expect_request("**/refresh-token"):
        go(page, "Profile")
    page.close()
    next_page = context.new_page()
    next_page.goto("/profile")
    expect_jobs(next_page)
    assert len(held) == 1
