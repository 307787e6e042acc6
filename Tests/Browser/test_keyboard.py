"""Without a mouse, with a password manager, a clipboard, an input method."""

from playwright.sync_api import expect

from installation import GOOD_PASSWORD, PASSWORD
from steps import expect_jobs, expect_signed_in, expect_signed_out, settle, sign_in


def tab_to(page, role, name):
    """Presses Tab until the element has the focus."""
    wanted = page.get_by_role(role, name=name, exact=True)
    expect(wanted).to_be_visible()
    for _ in range(40):
        if wanted.evaluate("(element) => element === document.activeElement"):
            outline = wanted.evaluate("(element) => getComputedStyle(element).outlineStyle")
            assert outline != "none", f"the focus on {name} cannot be seen"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} is not reached by the keyboard")


def test_L13_everything_is_done_by_the_keyboard_alone(installation, page):
    installation.add_user("keys")
    page.goto("/")
    settle(page)
    tab_to(page, "link", "Sign in")
    page.keyboard.press("Enter")
    # The first field has the focus.
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.type("keys")
    page.keyboard.press("Tab")
    page.keyboard.type(GOOD_PASSWORD)
    page.keyboard.press("Enter")
    expect_signed_in(page, "keys")
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    tab_to(page, "link", "Devices")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Devices")).to_be_focused()
    tab_to(page, "link", "Profile")
    page.keyboard.press("Enter")
    tab_to(page, "link", "Change password")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Current password")).to_be_focused()
    page.keyboard.type(GOOD_PASSWORD)
    tab_to(page, "textbox", "New password")
    page.keyboard.type("a better wind over the quay")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your password is changed")).to_be_focused()
    page.keyboard.press("Home")
    tab_to(page, "button", "Sign out")
    page.keyboard.press("Enter")
    expect_signed_out(page)


def test_L13_the_first_tab_leads_past_the_navigation(page):
    page.goto("/")
    settle(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_L13_errors_are_announced_and_the_field_has_the_focus(page):
    page.goto("/sign-in")
    page.get_by_label("Username").fill("alice")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Please enter valid data!")
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Username or password is wrong!")
    expect(page.get_by_label("Password", exact=True)).to_be_focused()


def test_L13_password_managers_find_the_fields(page):
    page.goto("/sign-in")
    username, password = page.get_by_label("Username"), page.get_by_label("Password", exact=True)
    expect(username).to_have_attribute("autocomplete", "username")
    expect(password).to_have_attribute("autocomplete", "current-password")
    # As they fill: a value and an event, no key.
    for field, value in ((username, "alice"), (password, PASSWORD)):
        field.evaluate(
            "(field, value) => { field.value = value; field.dispatchEvent(new Event('input')); }",
            value,
        )
    page.get_by_role("button", name="Sign in").click()
    expect_signed_in(page, "alice")
    page.goto("/password")
    expect(page.get_by_label("New password")).to_have_attribute("autocomplete", "new-password")
    expect(page.get_by_label("Current password")).to_have_attribute(
        "autocomplete", "current-password"
    )
    assert page.locator("input[autocomplete=username]").input_value() == "alice"


def test_L13_a_password_can_be_pasted(new_context):
    page = new_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    page.goto("/sign-in")
    page.get_by_label("Username").fill("alice")
    page.evaluate("(text) => navigator.clipboard.writeText(text)", PASSWORD)
    page.get_by_label("Password", exact=True).press("Control+v")
    page.get_by_role("button", name="Sign in").click()
    expect_signed_in(page, "alice")


def test_L13_an_input_method_composes_a_name(installation, page):
    installation.add_user("mika")
    page.goto("/sign-in")
    page.get_by_label("Username").focus()
    session = page.context.new_cdp_session(page)
    for text in ("m", "mi", "mik"):
        composed = {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        session.send("Input.imeSetComposition", composed)
    session.send("Input.insertText", {"text": "mika"})
    page.get_by_label("Password", exact=True).fill(GOOD_PASSWORD)
    page.keyboard.press("Enter")
    expect_signed_in(page, "mika")


def test_L13_a_screen_reader_hears_a_table_of_jobs(page):
    sign_in(page)
    expect_jobs(page)
    table = page.get_by_role("table", name="Jobs")
    expect(table.get_by_role("columnheader")).to_have_count(7)
    page.set_viewport_size({"width": 320, "height": 700})
    expect(table.get_by_role("row")).not_to_have_count(0)
