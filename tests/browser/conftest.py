"""One browser, one world and one sign-in page for all tests of a module."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from moto import mock_aws
from playwright.sync_api import Browser, Playwright, sync_playwright

from chalicelib.wiring import wired
from devstack import sign_in
from tests import aws
from tests.browser.console import WIDE, Console
from tests.browser.lived_in import LivedIn, live_in
from tests.browser.people import users_of
from tests.served import Served, served
from tests.world import World

_CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
_CLIENT_ID: Final = "console"
# Nothing but the page may cost time, or ask anybody anything.
_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> Path:
    found = next((path for name in _CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        missing = "No Chromium here (apt-get install chromium): the console is not tested."
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    return Path(found)


@pytest.fixture(scope="session")
def playwright(chromium: Path) -> Iterator[Playwright]:
    del chromium  # without one there is no need to start
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: Path) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=chromium, headless=True, args=_FLAGS)
    yield started
    started.close()


@pytest.fixture(scope="module")
def here() -> Iterator[Served]:
    """A world behind a port, and people who can sign in to it."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", aws.REGION)
        page = sign_in.SignIn(sign_in.Users(_nobody, _nobody), _CLIENT_ID, [])
        with sign_in.serving(page) as address:
            world = World({"COGNITO_DOMAIN": address, "COGNITO_CLIENT_ID": _CLIENT_ID})
            with served(world) as found:
                page.users, page.callbacks = users_of(found), [f"{found.url}/console"]
                yield found
    wired.put(None)


@pytest.fixture(scope="module")
def lived(here: Served) -> LivedIn:
    """What a business has done in it up to this moment: the browser's clock is the machine's."""
    with here.lock:
        return live_in(here.world)


def _nobody(*_: str) -> None:
    return None


@pytest.fixture
def new_console(browser: Browser, here: Served) -> Iterator[Callable[..., Console]]:
    """Opens browsers that know nobody yet; at the end none of them has complained of the page."""
    opened: list[Console] = []

    def open_one(**options: Any) -> Console:
        given = {"viewport": WIDE, "reduced_motion": "reduce", "locale": "en-AU", **options}
        context = browser.new_context(**given)
        context.set_default_timeout(8_000)
        opened.append(Console(context.new_page(), here))
        return opened[-1]

    yield open_one
    for each in opened:
        each.page.context.close()
    assert [complaint for each in opened for complaint in each.complaints] == []


@pytest.fixture
def console(new_console: Callable[..., Console], lived: LivedIn) -> Console:
    del lived  # there has to be something to see
    return new_console()
