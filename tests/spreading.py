"""Which tests share a worker of pytest-xdist, and which begin first.

`--dist loadgroup` would do the former, but with pytest 9.2 pytest-xdist 3.8 takes no notice of its
groups: https://github.com/pytest-dev/pytest-xdist/issues/1386.
"""

from typing import Final

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# One stack, one browser: all tests of such a folder on one worker.
_WHOLE: Final = ("tests/end_to_end/", "tests/browser/")
# No set-up is shared, and each test may take seconds.
_SINGLY: Final = ("tests/proof/", "tests/web/test_openapi_by_schemathesis.py")
# What begins late and takes long would keep one worker busy when all others have ended.
_LONG: Final = (
    *_WHOLE,
    *_SINGLY,
    "tests/infra/test_least_privilege.py",
    "tests/payouts/test_reconciliation.py",
    "tests/payouts/test_state_machine.py",
    "tests/payouts/test_refusals_and_doubt.py",
)


def rank(nodeid: str) -> int:
    """The place of a test in the order of beginning; 0 begins first."""
    return next((n for n, start in enumerate(_LONG) if nodeid.startswith(start)), len(_LONG))


class Spread(LoadScopeScheduling):  # type: ignore[misc]
    """A worker takes the tests of one file, unless they are named above."""

    def _split_scope(self, nodeid: str) -> str:
        for folder in _WHOLE:
            if nodeid.startswith(folder):
                return folder
        return nodeid if nodeid.startswith(_SINGLY) else nodeid.partition("::")[0]
