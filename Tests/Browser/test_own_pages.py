"""Docs/cookbook/own-pages.md: builds of React and of Angular on Postern's origin, under the policy that
is shipped and under the one that nginx.conf has for them."""

import pathlib
import re
import shutil
import struct
import tempfile
import time
import zlib

import pytest

from installation import ROOT, Installation

PAGES = pathlib.Path(__file__).parent / "own_pages"
DOCUMENT = (ROOT / "Docs/cookbook/own-pages.md").read_text()


def png():
    """One grey point."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    points = zlib.compress(b"\0\x80")
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", points) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def changed(folder, policy):
    """The lines marked "site" as the page says, and the policy of that name."""
    routes = re.search(r"^ *(\"~\^/\(sign-in\|orders.*;)$", DOCUMENT, re.M).group(1)
    kinds = re.search(r"`(\(css\|html\|ico[^`]*\))`", DOCUMENT).group(1)

    def change(conf):
        def replace(pattern, new):
            nonlocal conf
            conf, count = re.subn(pattern, lambda _: new, conf, flags=re.M)
            assert count == 1, pattern

        replace(r"root /[^;]*;", f"root {folder};")
        replace(r"\"~\^/\(sign-in\|profile\|devices\|password\|link\)\?\\z\" /index.html;", routes)
        replace(r"\(css\|html\|js\|svg\|yaml\)", kinds)
        if policy:
            line = re.search(rf"^ *#{policy} (default \".*\";)$", conf, re.M).group(1)
            replace(r"default \"default-src[^\n]*\"; +# site$", line)
        return conf

    return change


def scripts(page):
    """Whether the page has loaded any script."""
    return page.evaluate(
        "performance.getEntriesByType('resource').some("
        "({ initiatorType, responseStatus }) =>"
        " initiatorType === 'script' && responseStatus === 200)"
    )


def results(browser, build, policy):
    """What the build could do at a path below one of its routes, and what was refused."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-own-pages-"))
    folder.chmod(0o755)
    installation = None
    try:
        shutil.copytree(PAGES / build, folder, dirs_exist_ok=True)
        (folder / "logo.png").write_bytes(png())
        shutil.copy(ROOT / "Public/postern.js", folder)
        shutil.copytree(ROOT / "Public/postern", folder / "postern")
        installation = Installation(change=changed(folder, policy))
        context = browser.new_context(base_url=installation.url)
        page = context.new_page()
        page.add_init_script(
            "window.violations = [];"
            "addEventListener('securitypolicyviolation', (event) =>"
            " violations.push(event.effectiveDirective));"
        )
        page.goto("/orders/5")
        # The policy keeps Playwright from waiting inside of the page.
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            done = page.evaluate("window.results ?? null")
            if done or page.evaluate("document.readyState") == "complete" and not scripts(page):
                break
            time.sleep(0.1)
        found = done, set(page.evaluate("violations"))
        context.close()
        return found
    finally:
        if installation:
            installation.stop()
        shutil.rmtree(folder)


def test_a_build_of_react_works_under_its_policy(browser):
    done, violations = results(browser, "react", "react")
    assert all(result is True for result in done.values()), done
    assert len(done) == 11
    # What it tried and must not.
    assert violations == {"script-src-elem", "script-src"}


def test_the_policy_that_is_shipped_blocks_what_react_needs(browser):
    done, violations = results(browser, "react", None)
    blocked = {name for name, result in done.items() if result is not True}
    assert blocked == {
        "style attribute",
        "style element",
        "data: image",
        "webpack's chunk",
        "dangerouslySetInnerHTML",
    }
    assert {"style-src-attr", "style-src-elem", "img-src", "require-trusted-types-for"} <= violations


def test_a_build_of_angular_works_under_its_policy(browser):
    done, violations = results(browser, "angular", "angular")
    assert all(result is True for result in done.values()), done
    assert len(done) == 10
    assert violations == {"script-src-attr", "trusted-types", "require-trusted-types-for"}


def test_the_policy_that_is_shipped_blocks_what_angular_needs(browser):
    done, violations = results(browser, "angular", None)
    # Without its <base> it does not even find its scripts below a route.
    assert done is None
    assert "base-uri" in violations
