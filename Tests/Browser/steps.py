"""What people do on the pages, and what tests do to the network."""

import http.client
import time

from playwright.sync_api import expect

from installation import password_of

# Seconds that access tokens live in the files that need them to expire; long enough for a busy
# machine to use a new one before it has expired too.
BRIEF = {"POSTERN_TOKENS_ACCESS_LIFETIME": "3"}

PAGES = ["/", "/sign-in", "/profile", "/devices", "/password", "/link", "/nowhere"]
GUARDED = ["/profile", "/devices", "/password"]

# Asks as pages of others do, and keeps what became of it in `asked`.
ASK = """(path) => {
    window.asked = import("/shared/client.js")
        .then(({ client }) => client.fetch(path))
        .then((answer) => answer.text(), (error) => error.code);
}"""


def fill_sign_in(page, username="alice", password=None):
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(password or password_of(username))
    page.get_by_role("button", name="Sign in").click()


def sign_in(page, username="alice", password=None, to="/profile"):
    page.goto(f"/sign-in?to={to}")
    fill_sign_in(page, username, password)
    expect_signed_in(page)


def sign_out(page):
    page.get_by_role("button", name="Sign out").click()
    expect_signed_out(page)


def expect_signed_in(page, username=None):
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    if username:
        expect(page.locator("#account")).to_contain_text(username)


def expect_signed_out(page):
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
    expect(page.get_by_role("banner").get_by_role("link", name="Sign in")).to_be_visible()


def go(page, link):
    page.get_by_role("navigation").get_by_role("link", name=link).click()


def expect_jobs(page):
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    expect(page.locator("tbody").get_by_role("row")).not_to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)


def let_expire():
    time.sleep(float(BRIEF["POSTERN_TOKENS_ACCESS_LIFETIME"]) + 1.1)


def settle(page):
    """Waits until nothing on the page loads any more."""
    expect(page.locator("#main h1")).to_be_visible()
    expect(page.locator(".loading")).to_have_count(0)


def visit(page, path):
    """As by a link on the home page, so that the page for unknown paths is reached too."""
    page.goto("/")
    settle(page)
    page.evaluate(
        """(path) => {
            history.pushState(null, "", path);
            dispatchEvent(new PopStateEvent("popstate"));
        }""",
        path,
    )
    settle(page)


def counted(context, path):
    """The requests for `path` from now on."""
    seen = []
    context.on("request", lambda request: request.url.endswith(path) and seen.append(request))
    return seen


def ended(page, path):
    """Waits for a request for `path` that the page gives up."""
    return page.expect_event("requestfailed", lambda request: request.url.endswith(path))


def deliver(route, context):
    """Lets the server carry out the request, without the browser hearing anything of it. Returns the
    cookie that the browser would have got."""
    request = route.request
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in context.cookies())
    origin = request.url.rsplit("/", 1)[0]
    headers = {"Origin": origin, "Content-Type": "application/json", "Cookie": cookies}
    connection = http.client.HTTPConnection(origin.removeprefix("http://"), timeout=30)
    connection.request(request.method, "/refresh-token", request.post_data or "{}", headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200
    name, _, rest = (answer.getheader("Set-Cookie") or "").partition("=")
    if not name:
        return None
    value = rest.partition(";")[0]
    return {"name": name, "value": value, "domain": "localhost", "path": "/", "secure": True}
