"""Tabs that refresh while an answer of another is held, when no grace is left."""

import time

from steps import counted, expect_jobs, expect_signed_in, sign_in

GRACE = 1
SETTINGS = {"POSTERN_TOKENS_GRACE": str(GRACE)}


def hold_first_answer(context):
    """The server carries the first refresh out. Its answer, and its cookie, wait in the network."""
    held = []

    def handle(route):
        if held:
            return route.continue_()
        held.append((route, route.fetch()))

    context.route("**/refresh-token", handle)
    return held


def test_L3_a_closed_tab_s_late_answer_leaves_the_other_tab_signed_in(page, context):
    other = context.new_page()
    sign_in(page)
    other.goto("/devices")
    expect_signed_in(other)
    held = hold_first_answer(context)
    refreshes = counted(context, "/refresh-token")
    with page.expect_request("**/refresh-token"):
        page.reload(wait_until="commit")
    # It waits for its turn, until the other one is closed.
    other.reload(wait_until="commit")
    other.wait_for_timeout(500)
    assert len(held) == 1 and len(refreshes) == 1
    page.close()
    expect_signed_in(other, "alice")
    other.reload()
    expect_signed_in(other, "alice")
    route, answer = held[0]
    try:
        route.fulfill(response=answer)
    except Exception:
        # The browser has taken it back, as it should.
        pass
    time.sleep(GRACE + 1)
    other.goto("/profile")
    expect_jobs(other)
