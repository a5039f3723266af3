"""Polling: one answer that did not come does not end a wait of half an hour."""

from typing import TYPE_CHECKING, Any, Final

from payoutctl.exits import Exit, Failure

if TYPE_CHECKING:
    from payoutctl.session import Session

POLL_SECONDS: Final = 2.0
_MOST_TRIES: Final = 5


def polled(session: "Session", path: str) -> Any:
    """The document at `path`; retried while the API says that it is busy, or does not answer.

    Raises:
        Failure: one that a retry does not help, or the fifth in a row.
    """
    for tries in range(1, _MOST_TRIES):
        try:
            return session.api.get(path)
        except Failure as failure:
            if failure.ends is not Exit.TRY_AGAIN:
                raise
            session.adapters.sleep(POLL_SECONDS * 2**tries)
    return session.api.get(path)
