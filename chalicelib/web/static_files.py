"""Pages that ship with the app: each a fixed list of files, read when they are first asked for.

Texts only: API Gateway passes bytes on only for the media types that it is configured with, and a
browser asks for a script with `Accept: */*`. A picture is an SVG.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from chalicelib.core.errors import ErrorCode, NotFoundError
from chalicelib.web.http import Reply

FOLDER: Final = Path(__file__).parents[1] / "static"
# Nothing is loaded from anywhere, and no page frames it: what a page needs, it asks for by name.
NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, slots=True)
class Pages:
    """Files of one folder under `chalicelib/static`; none but those in `names` is ever opened.

    `policy` is the Content-Security-Policy of all of them. `kept_seconds` is how long a browser may
    keep one without asking; 0 has it ask each time, which its ETag makes a short answer.
    """

    folder: str
    names: frozenset[str]
    policy: str = NOTHING
    kept_seconds: int = 0

    def reply(self, name: str, if_none_match: str | None = None) -> Reply:
        """The file, or 304 where the caller has it as it is.

        Raises:
            NotFoundError: there is no such file here.
        """
        if name not in self.names:
            raise NotFoundError("There is no such file.", ErrorCode.FILE_NOT_FOUND)
        path = FOLDER / self.folder / name
        text, tag = _read(path)
        kept = f"public, max-age={self.kept_seconds}" if self.kept_seconds else "no-cache"
        headers = {
            "Content-Type": _TYPES[path.suffix],
            "ETag": tag,
            "Cache-Control": kept,
            "Content-Security-Policy": self.policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
        if if_none_match is not None and _has(if_none_match, tag):
            return Reply(status=304, headers=headers)
        return Reply(text, headers=headers)


def _has(if_none_match: str, tag: str) -> bool:
    """Weakly compared, as RFC 9110 has it: a proxy that compressed it may have added `W/`."""
    known = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return tag in known or "*" in known


@cache
def _read(path: Path) -> tuple[str, str]:
    content = path.read_bytes()
    return content.decode(), f'"{hashlib.sha256(content).hexdigest()[:32]}"'
