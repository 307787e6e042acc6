"""The page of the HTTP interface, which has no script."""

import pytest
from playwright.sync_api import expect

from test_looks import SCHEMES, findings


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [1280, 320])
def test_L13_axe_finds_nothing_serious_and_nothing_scrolls_sideways(new_context, scheme, width):
    page = new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}
    ).new_page()
    page.goto("/api.html")
    expect(page.get_by_role("heading", level=1)).to_have_text("Postern over HTTP")
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_link_to_a_route_leads_to_it_without_scripts(new_context):
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/api.html")
    page.get_by_role("navigation").get_by_role("link", name="GET /verify").click()
    expect(page.get_by_role("heading", name="GET /verify")).to_be_in_viewport()


def test_the_start_page_leads_there(page):
    page.goto("/")
    page.get_by_role("link", name="All routes").click()
    expect(page).to_have_title("Postern over HTTP")
