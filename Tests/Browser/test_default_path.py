"""An application that is guarded where nginx.conf has it if nobody says otherwise: at /app/."""

import pytest
from playwright.sync_api import expect

from applications import Echo
from installation import Installation
from steps import fill_sign_in


@pytest.fixture(scope="module")
def echo():
    application = Echo()
    yield application
    application.stop()


@pytest.fixture(scope="module")
def installation(echo):
    started = Installation(POSTERN_GUARDED_APPLICATION=f"127.0.0.1:{echo.port}")
    yield started
    started.stop()


def test_the_sign_in_page_has_all_its_files_and_leads_to_the_application(page):
    page.goto("/app/orders?a=b")
    fill_sign_in(page)
    expect(page.locator("body")).to_contain_text('"path": "/app/orders?a=b"')
