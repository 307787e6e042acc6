"""Browsers that keep nothing, or not everything."""

from playwright.sync_api import expect

from steps import expect_jobs, expect_signed_in, expect_signed_out, sign_in, sign_out

REFUSED = """Object.defineProperty(window, "localStorage", {
    get() { throw new DOMException("denied", "SecurityError"); },
});"""
FULL = """Storage.prototype.setItem = () => {
    throw new DOMException("full", "QuotaExceededError");
};"""
NO_COOKIES = """Object.defineProperty(Navigator.prototype, "cookieEnabled", {
    get: () => false,
});"""


def whole_way(context):
    page, other = context.new_page(), context.new_page()
    sign_in(page)
    expect_jobs(page)
    page.reload()
    expect_jobs(page)
    other.goto("/devices")
    expect(other.get_by_text("This one")).to_be_visible()
    sign_out(page)
    expect_signed_out(other)
    page.goto("/profile")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_L14_all_works_where_storage_is_refused(context):
    context.add_init_script(REFUSED)
    whole_way(context)


def test_L14_all_works_where_storage_is_full(context):
    context.add_init_script(FULL)
    whole_way(context)


def test_L14_a_storage_that_is_really_full_does_no_harm(page):
    page.goto("/")
    page.evaluate("""() => {
        let size = 1 << 20;
        for (let key = 0; size > 0; key += 1) {
            try { localStorage.setItem(`filler ${key}`, "x".repeat(size)); }
            catch { size >>= 1; }
        }
    }""")
    sign_in(page)
    expect_jobs(page)
    page.reload()
    expect_signed_in(page, "alice")


def test_L14_without_cookies_the_page_says_why_nobody_can_sign_in(context):
    context.add_init_script(NO_COOKIES)
    page = context.new_page()
    page.goto("/sign-in")
    expect(page.get_by_text("Cookies are turned off in this browser.")).to_be_visible()
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password", exact=True).fill("postern-demo")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Cookies are turned off")
