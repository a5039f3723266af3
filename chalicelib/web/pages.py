"""The public pages: they hold no one's data, and change nothing.

Loaded when one is first asked for: no payout waits for it.
"""

from typing import Final

from chalicelib.web.static_files import NOTHING, Pages

OPENAPI: Final = Pages(".", frozenset({"openapi.json"}))
# Swagger UI draws itself from the document. Its pictures are written into its style sheet.
DOCS: Final = Pages(
    "docs",
    frozenset({"index.html", "docs.css", "docs.js", "swagger-ui.css", "swagger-ui-bundle.js"}),
    policy=f"{NOTHING}; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'",
    # The library is a megabyte and a half, and changes with a release at the most.
    kept_seconds=3600,
)
CONSOLE_FILES: Final = frozenset({"index.html", "console.css", "console.js", "icon.svg"})


def console(sign_in_url: str) -> Pages:
    """The console's files. Its scripts ask this API and the sign-in page alone."""
    return Pages("console", CONSOLE_FILES, policy=_console_policy(sign_in_url))


def console_config(
    sign_in_url: str, user_pool_client_id: str, idle_minutes: int
) -> dict[str, str | int]:
    """What the console has to know before sign-in. Where its files are served from
    elsewhere, a `config.json` of this form stands beside them.
    """
    return {
        "apiBase": ".",
        "signInUrl": sign_in_url,
        "userPoolClientId": user_pool_client_id,
        "timeZone": "Australia/Sydney",
        "idleMinutes": idle_minutes,
    }


def _console_policy(sign_in_url: str) -> str:
    asked = f"'self' {sign_in_url}".rstrip()
    return (
        f"{NOTHING}; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src {asked}"
    )
