"""What signing in left behind: in a file that only its owner can read."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from payoutctl.exits import Exit, Failure
from payoutctl.files import replace_with


@dataclass(frozen=True, slots=True)
class Tokens:
    """`expires_at` is the ID token's, in seconds since 1970. They are good for one API only."""

    api_url: str
    username: str
    client_id: str
    pool_id: str
    region: str
    expires_at: float
    id_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


class TokenFile:
    """The tokens of one connection, under the user's state directory."""

    def __init__(self, environment: Mapping[str, str], name: str) -> None:
        state = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        self.path = Path(state) / "payoutctl" / f"{name}.json"

    def read(self) -> Tokens | None:
        """None before the first sign-in.

        Raises:
            Failure: others can read the file, so whatever is in it is not only ours any more.
        """
        try:
            if self.path.stat().st_mode & 0o077:
                raise Failure(
                    f"Other users can read {self.path}: delete it, then sign in: payoutctl login.",
                    Exit.NOT_ALLOWED,
                )
            return Tokens(**json.loads(self.path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            return None  # written by another version: sign in again

    def write(self, tokens: Tokens) -> None:
        """Whole or not at all, and never readable by others, not for a moment."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_with(self.path, json.dumps(asdict(tokens)))

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
