"""A terminal for the tests of the operator's command."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.payoutctl.terminal import Terminal
from tests.served import served
from tests.world import World


@pytest.fixture
def terminal(world: World, tmp_path: Path) -> Iterator[Terminal]:
    """Of an operator."""
    with served(world) as behind:
        yield Terminal(behind, tmp_path)
