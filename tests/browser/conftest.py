"""One browser, one served app and one sign-in page, shared by all tests of this folder."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from moto import mock_aws
from playwright.sync_api import Browser

from chalicelib.container import wired
from proof.user_pool import CLIENT_ID
from tests import aws, chromium
from tests.app_server import AppServer, serving
from tests.browser.console import WIDE, Console
from tests.browser.sample_data import SampleData, add_sample_data
from tests.browser.users import users_of
from tests.world import World
from tools.devstack import sign_in

_CLIENT_ID: Final = CLIENT_ID


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium.launched() as found:
        yield found


@pytest.fixture(scope="package")
def server() -> Iterator[AppServer]:
    """The app behind a port, and users who can sign in to it."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", aws.REGION)
        page = sign_in.SignIn(sign_in.Users(_no_user, _no_user), _CLIENT_ID, [])
        with sign_in.serving(page) as address:
            settings = {
                "COGNITO_DOMAIN": address,
                "COGNITO_CLIENT_ID": _CLIENT_ID,
                "APPROVAL_THRESHOLD_AUD": "500",
            }
            with serving(World(settings)) as found:
                page.users, page.callbacks = users_of(found), [f"{found.url}/console"]
                yield found
    wired.put(None)


def _no_user(*_: str) -> None:
    return None


@pytest.fixture(scope="package")
def sample(server: AppServer) -> SampleData:
    """Payouts of the last days, up to this moment: the browser's clock is the machine's."""
    with server.lock:
        return add_sample_data(server.world)


@pytest.fixture
def new_console(
    browser: Browser, server: AppServer, sample: SampleData
) -> Iterator[Callable[..., Console]]:
    """Opens browsers without a session; at the end none of them has reported an error."""
    del sample  # there has to be something to see
    opened: list[Console] = []

    def open_one(**options: Any) -> Console:
        given = {"viewport": WIDE, "reduced_motion": "reduce", "locale": "en-AU", **options}
        context = browser.new_context(**given)
        context.set_default_timeout(8_000)
        opened.append(Console(context.new_page(), server))
        return opened[-1]

    yield open_one
    for each in opened:
        each.page.context.close()
    assert [error for each in opened for error in each.errors] == []


@pytest.fixture
def console(new_console: Callable[..., Console]) -> Console:
    return new_console()
