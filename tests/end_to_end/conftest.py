"""One stack for all tests of this folder; a test that fails prints what its functions logged."""

import contextlib
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.deployed import Deployed, UnknownPayment
from tools.devstack.settings import Ports
from tools.devstack.stack import Stack

# Monoova's webhooks come half a minute to two minutes after a payout; here after a second.
_SPEED = 100.0
# Payouts are due at once, and "unknown reference" is believed at once.
# One user pays the same again and again: only what is above the threshold by itself is to wait.
_SETTINGS = {
    "FirstLookSeconds": "1",
    "GraceSeconds": "1",
    "PayoutLimitAud": "50000",
    "ApprovalThresholdAud": "40000",
    "DuplicateWindowHours": "0",
}


# Each copy of a function at work unpacks 60 MB: where there is room in memory, there.
_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4 * 1024**3


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The product, packaged and deployed as for AWS. Takes six seconds, hence once."""
    with contextlib.ExitStack() as ends:
        with pytest.MonkeyPatch.context() as patch:
            if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES:
                patch.setattr(tempfile, "tempdir", str(_MEMORY))
            new = Stack(Ports.any_free(), speed=_SPEED, settings=_SETTINGS)
            running = ends.enter_context(new)
        yield running


@pytest.fixture(scope="session")
def deployed(stack: Stack) -> Deployed:
    """The product from outside: an administrator, Monoova's book, the queues."""
    return Deployed(stack)


@pytest.fixture(scope="session", autouse=True)
def unknown_payments(deployed: Deployed) -> Iterator[tuple[UnknownPayment, UnknownPayment]]:
    """Two payments from the same mAccount that have no payout in this product.

    Made before the first test, because a queued event is delivered half a minute later at the
    earliest. It waits in its queue until the tests of the queues let it be read.
    """
    deployed.set_visibility("WebhookQueue", seconds=2)
    with deployed.unread("WebhookQueue"):
        yield deployed.unknown_payment(), deployed.unknown_payment()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test waits for the stack too, and on a fresh clone for its dependencies."""
    for item in items:
        if "tests/end_to_end/" in item.nodeid:
            item.add_marker(pytest.mark.timeout(600))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    stack = getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(stack, Stack):
        report.sections.append(("What the functions and programs said", _said_by(stack)))
    return report


def _said_by(stack: Stack) -> str:
    try:
        return stack.logs()
    except Exception as error:  # noqa: BLE001 - a report of a failure must not fail itself
        return f"The logs cannot be read: {error!r}"
