"""Another person signs in in another tab."""

from playwright.sync_api import expect

from steps import ASK, ended, expect_jobs, expect_signed_in, go, sign_in, sign_out

SWITCH = """async () => {
    const { client } = await import("/shared/client.js");
    await client.login("bob", "postern-demo");
}"""


def expect_bob_alone(page):
    expect_signed_in(page, "bob")
    you = page.get_by_role("region", name="You")
    expect(you).to_contain_text("bob")
    expect(you).not_to_contain_text("alice")
    expect_jobs(page)


def titles(page):
    return page.locator("tbody").get_by_role("row").all_inner_texts()


def test_L11_a_switch_of_accounts_shows_in_the_other_tab(context):
    one, other = context.new_page(), context.new_page()
    sign_in(one)
    other.goto("/profile")
    expect_jobs(other)
    sign_out(one)
    sign_in(one, "bob")
    expect_bob_alone(other)
    expect_jobs(one)
    assert titles(one) == titles(other)


def test_L11_a_switch_without_a_sign_out_shows_too(context):
    one, other = context.new_page(), context.new_page()
    sign_in(one)
    expect_jobs(one)
    of_alice = titles(one)
    other.goto("/")
    other.evaluate(SWITCH)
    expect_bob_alone(one)
    assert titles(one) != of_alice


def test_L11_an_answer_for_the_first_person_is_not_given_to_the_second(context):
    one, other = context.new_page(), context.new_page()
    sign_in(one, to="/")
    other.goto("/")
    expect_signed_in(other)
    held = []

    def hold(route):
        if len(held) == 2:
            return route.continue_()
        held.append((route, route.fetch()))

    one.route("**/current-user", hold)
    with one.expect_request("**/current-user"):
        one.evaluate(ASK, "/current-user")
    with one.expect_request("**/current-user"):
        go(one, "Profile")
    with ended(one, "/current-user"):
        other.evaluate(SWITCH)
    for route, answer in held:
        route.fulfill(response=answer)
    assert one.evaluate("asked") == "account-changed"
    expect_bob_alone(one)
