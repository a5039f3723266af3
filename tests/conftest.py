"""Fixtures that every folder of the tests shares."""

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.container import wired
from tests import aws, quick_aws, quick_calls, quick_tables, spreading
from tests.world import World
from tools import console_script

quick_aws.install()
quick_tables.install()
quick_calls.install()

_AWS_FIXTURES = frozenset({"new_world", "world", "stack", "deployed"})
_SLOW_FOLDERS = frozenset({"bench", "browser", "end_to_end", "infra", "proof"})
aws.share_motos_rsa_key()


def pytest_configure() -> None:
    """What a package is given when it is built, the app serves in tests from the repository."""
    console_script.add(console_script.ROOT)


@pytest.fixture(autouse=True)
def _no_real_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test can reach a real account, whatever stands in the shell's environment."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", aws.REGION)


@pytest.fixture
def new_world() -> Iterator[Callable[..., World]]:
    """Makes the world of a test, with settings of its own."""
    with mock_aws():
        yield lambda **settings: World(settings)
    wired.put(None)


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    """The world with the usual settings."""
    return new_world()


@pytest.hookimpl(tryfirst=True)  # before -m looks at the markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs an emulated AWS, and what runs programs of its own for seconds."""
    for item in items:
        folder = item.nodeid.split("/")[1]
        if _AWS_FIXTURES & set(getattr(item, "fixturenames", ())) or _speaks_to_moto(item):
            item.add_marker(pytest.mark.emulated_aws)
        if folder in _SLOW_FOLDERS:
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: spreading.rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> spreading.Spread:
    """Spreads the tests over the workers as `tests.spreading` says, whatever `--dist` says."""
    config.option.loadscopereorder = False
    return spreading.Spread(config, log)


def _speaks_to_moto(item: pytest.Item) -> bool:
    """Whether the test's module makes an emulated AWS of its own."""
    return mock_aws in vars(getattr(item, "module", None) or object).values()


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
