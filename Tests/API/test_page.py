"""Public/api.html is made from Public/openapi.yaml."""

import subprocess
import sys
from html.parser import HTMLParser

from conftest import ROOT


def test_it_is_what_script_api_page_makes():
    made = subprocess.check_output([sys.executable, ROOT / "script" / "api-page"], text=True)
    assert made == (ROOT / "Public" / "api.html").read_text()


def test_each_route_is_on_it_and_nothing_from_elsewhere(description):
    page = Page()
    page.feed((ROOT / "Public" / "api.html").read_text())
    for path, item in description["paths"].items():
        for method in item:
            assert f"{method.upper()} {path}" in page.headings
    assert all(address.startswith(("/", "#")) for address in page.addresses)
    assert page.tags & {"script", "style", "iframe", "form"} == set()
    assert "style" not in page.attributes


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.headings, self.addresses, self.tags, self.attributes = set(), [], set(), set()
        self._heading = None

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("href", "src"):
                self.addresses.append(value)
        if tag == "h3":
            self._heading = ""

    def handle_data(self, data):
        if self._heading is not None:
            self._heading += data

    def handle_endtag(self, tag):
        if tag == "h3":
            self.headings.add(" ".join(self._heading.split()))
            self._heading = None
