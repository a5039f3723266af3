"""The pages that anyone may open: they hold nothing of anybody, and change nothing.

Loaded when one is first asked for: no payout waits for it.
"""

from typing import Final

from chalicelib.api.static import NOTHING, Pages

OPENAPI: Final = Pages(".", frozenset({"openapi.json"}))
# Swagger UI draws itself from the document. Its pictures are written into its style sheet.
DOCS: Final = Pages(
    "docs",
    frozenset({"index.html", "docs.css", "docs.js", "swagger-ui.css", "swagger-ui-bundle.js"}),
    policy=f"{NOTHING}; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'",
)
