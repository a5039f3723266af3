"""One browser, one world and one sign-in page for all tests of this folder, and none beyond it."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from moto import mock_aws
from playwright.sync_api import Browser

from chalicelib.container import wired
from tests import aws, chromium
from tests.browser.console import WIDE, Console
from tests.browser.lived_in import LivedIn, live_in
from tests.browser.people import users_of
from tests.served import Served, served
from tests.world import World
from tools.devstack import sign_in

_CLIENT_ID: Final = "console"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium.launched() as found:
        yield found


@pytest.fixture(scope="package")
def here() -> Iterator[Served]:
    """A world behind a port, and people who can sign in to it."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", aws.REGION)
        page = sign_in.SignIn(sign_in.Users(_nobody, _nobody), _CLIENT_ID, [])
        with sign_in.serving(page) as address:
            settings = {
                "COGNITO_DOMAIN": address,
                "COGNITO_CLIENT_ID": _CLIENT_ID,
                "APPROVAL_THRESHOLD_AUD": "500",
            }
            with served(World(settings)) as found:
                page.users, page.callbacks = users_of(found), [f"{found.url}/console"]
                yield found
    wired.put(None)


def _nobody(*_: str) -> None:
    return None


@pytest.fixture(scope="package")
def lived(here: Served) -> LivedIn:
    """What a business has done in it up to this moment: the browser's clock is the machine's."""
    with here.lock:
        return live_in(here.world)


@pytest.fixture
def new_console(browser: Browser, here: Served, lived: LivedIn) -> Iterator[Callable[..., Console]]:
    """Opens browsers without a session; at the end none of them has complained of the page."""
    del lived  # there has to be something to see
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
def console(new_console: Callable[..., Console]) -> Console:
    return new_console()
