"""Each page, in light and dark, wide and narrow."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from steps import GUARDED, PAGES, fill_sign_in, sign_in, visit

SCHEMES = ["light", "dark"]
SERIOUS = ("serious", "critical")


def findings(page):
    violations = Axe().run(page).response["violations"]
    return [
        (found["id"], node["html"])
        for found in violations
        if found["impact"] in SERIOUS
        for node in found["nodes"]
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [1280, 320])
def test_L13_axe_finds_nothing_serious_on_any_page(new_context, scheme, width):
    page = new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}, reduced_motion="reduce"
    ).new_page()
    found = {}
    for path in ("/", "/sign-in", "/nowhere"):
        visit(page, path)
        found[path] = findings(page)
    visit(page, "/sign-in")
    fill_sign_in(page, "alice", "wrong")
    page.get_by_role("alert").wait_for()
    found["error"] = findings(page)
    sign_in(page)
    for path in ("/", *GUARDED):
        visit(page, path)
        found[f"signed in {path}"] = findings(page)
    page.route("**/job-list", lambda route: route.fulfill(status=503, body="Busy"))
    visit(page, "/profile")
    found["trouble"] = findings(page)
    assert {path: some for path, some in found.items() if some} == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_L13_the_colours_follow_the_scheme(new_context, scheme):
    page = new_context(color_scheme=scheme).new_page()
    visit(page, "/")
    # What is behind the page's text, drawn and looked at.
    brightness = page.evaluate("""() => {
        const canvas = document.createElement("canvas");
        const context = canvas.getContext("2d");
        const behind = [document.body, document.documentElement]
            .map((element) => getComputedStyle(element).backgroundColor)
            .find((color) => color !== "rgba(0, 0, 0, 0)");
        context.fillStyle = behind;
        context.fillRect(0, 0, 1, 1);
        return context.getImageData(0, 0, 1, 1).data[1];
    }""")
    assert (brightness > 200) if scheme == "light" else (brightness < 60)


@pytest.mark.parametrize("signed_in", [False, True])
def test_L13_nothing_scrolls_sideways_at_320_pixels(new_context, signed_in):
    page = new_context(viewport={"width": 320, "height": 640}).new_page()
    if signed_in:
        sign_in(page)
    for path in PAGES:
        visit(page, path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 320, path
