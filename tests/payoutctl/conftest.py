"""A terminal for the tests of the operator's command."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app_server import serving
from tests.payoutctl.terminal import Terminal
from tests.world import World


@pytest.fixture
def terminal(world: World, tmp_path: Path) -> Iterator[Terminal]:
    """Of an operator."""
    with serving(world) as behind:
        yield Terminal(behind, tmp_path)
