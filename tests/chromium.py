"""Debian's Chromium, driven by Playwright: for tests of what users see."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, sync_playwright

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
# Nothing but the page may cost time or call another host.
_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextlib.contextmanager
def launched() -> Iterator[Browser]:
    """A headless browser. Without one the test is skipped; with REQUIRE_BROWSER=1 it fails."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        missing = "No Chromium here (apt-get install chromium): the console is not tested."
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=_FLAGS)
        yield browser
        browser.close()
