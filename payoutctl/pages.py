"""Lists of the API: their pages put together, and what is said below a list."""

from typing import Any, Final

from payoutctl.output import Output
from payoutctl.session import Session

_MOST_NAMED: Final = 10


def whole(session: Session, path: str, words: str, **query: object) -> dict[str, Any]:
    """All pages as one, with a bar that says `words`."""
    items: list[Any] = []
    unreadable: list[str] = []
    with session.out.progress(words) as bar:
        for page in session.api.pages(path, **query):
            items += page["items"]
            unreadable += page["unreadable"]
            bar.at(len(items))
    return {"items": items, "next_cursor": None, "unreadable": unreadable}


def say_rest(out: Output, page: Any, more: str = "") -> None:
    """What is not on the page: rows that cannot be read, and further pages. `more` comes first."""
    say_unreadable(out, page)
    if page.get("next_cursor"):
        out.say(f"There are more: {more}--cursor {page['next_cursor']}")


def say_unreadable(out: Output, page: Any) -> None:
    """What belongs on the page and is left out, by its ids."""
    names = page.get("unreadable") or []
    if names:
        further = "" if len(names) <= _MOST_NAMED else ", and more"
        out.say(
            f"Left out, because they cannot be read: {len(names):,}."
            f' See "Rows are unreadable" in the runbook: {", ".join(names[:_MOST_NAMED])}{further}'
        )
