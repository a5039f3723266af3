"""Looking again and again: a wait of half an hour does not end by one answer that did not come."""

from typing import TYPE_CHECKING, Any, Final

from payoutctl.exits import Exit, Failure

if TYPE_CHECKING:
    from payoutctl.session import Session

POLL_SECONDS: Final = 2.0
_MOST_TRIES: Final = 5


def looked_at(session: "Session", path: str) -> Any:
    """What stands at `path`; tried again while the API says, or shows, that it is busy.

    Raises:
        Failure: what trying again does not mend, or five tries in a row that failed.
    """
    for tries in range(1, _MOST_TRIES):
        try:
            return session.api.get(path)
        except Failure as failure:
            if failure.ends is not Exit.TRY_AGAIN:
                raise
            session.adapters.sleep(POLL_SECONDS * 2**tries)
    return session.api.get(path)
