"""What every test of the browser side stands on: an installation, a Chromium, fresh profiles."""

import pytest
from playwright.sync_api import expect, sync_playwright

import evidence
from foreign import ForeignSite
from installation import Installation

# Generous: a busy machine must not fail a test.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def installations():
    """By settings, so that files with the same ones share an installation."""
    started = {}
    yield started
    for installation in started.values():
        installation.stop()


@pytest.fixture(scope="module")
def installation(request, installations):
    """A test file names the settings it needs in `SETTINGS`."""
    settings = getattr(request.module, "SETTINGS", {})
    key = tuple(sorted(settings.items()))
    if key not in installations:
        installations[key] = Installation(**settings)
    return installations[key]


@pytest.fixture
def new_context(browser, installation):
    """Makes profiles of the browser. No page in them may throw, or go against its own policy."""
    contexts = []
    complaints = []

    def hear(message):
        if "Content Security Policy" in message.text or "TrustedHTML" in message.text:
            complaints.append(message.text)

    def make(**options):
        context = browser.new_context(base_url=installation.url, **options)
        context.set_default_timeout(PATIENCE)
        context.on("console", hear)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        contexts.append(context)
        context.complaints = complaints
        return context

    yield make
    for context in contexts:
        evidence.note_tokens(cookie["value"] for cookie in context.cookies())
        context.close()
    assert complaints == []


@pytest.fixture
def context(new_context):
    return new_context()


@pytest.fixture
def page(context):
    return context.new_page()


@pytest.fixture
def foreign():
    site = ForeignSite()
    yield site
    site.stop()
