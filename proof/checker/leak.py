"""P4: no secret leaves the system, money goes to the payee, and forged webhooks are refused."""

import base64
import json
import re
from collections.abc import Iterator
from functools import partial
from urllib.parse import quote, quote_plus

from proof.checker.evidence import Run, Violation

_broken = partial(Violation, "P4")
# Base64 of fewer bytes is found by chance.
_LEAST_BASE64_BYTES = 6


def leaks(run: Run) -> Iterator[Violation]:
    """P4, over all that was put out and all webhooks."""
    yield from _secrets_shown(run)
    yield from _wrong_payees(run)
    for webhook in run.webhooks:
        if not webhook.is_genuine and webhook.status is not None and 200 <= webhook.status < 300:
            yield _broken("a forged webhook was taken", f"line {webhook.line}")
        if webhook.is_genuine and webhook.status not in (None, 200, 500, 503):
            what = f"a genuine webhook was answered {webhook.status}"
            yield _broken(what, f"line {webhook.line}")


def _secrets_shown(run: Run) -> Iterator[Violation]:
    """P4: no secret in any spelling. The evidence does not repeat it."""
    patterns = [
        re.compile("|".join(re.escape(spelling) for spelling in _spellings(secret)))
        for secret in run.secrets
    ]
    for output in run.outputs:
        text = "\n".join(_texts(output.content)).casefold()
        for number, pattern in enumerate(patterns, 1):
            if pattern.search(text):
                yield _broken(f"secret {number} stands in {output.where}", f"line {output.line}")


def _spellings(secret: str) -> set[str]:
    raw = secret.encode()
    spellings = {secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret)}
    for offset, first in ((0, 0), (1, 2), (2, 3)) if len(raw) >= _LEAST_BASE64_BYTES else ():
        encoded = base64.b64encode(bytes(offset) + raw)
        # The letters at either end depend on what stands beside the secret.
        last = (offset + len(raw)) * 8 // 6
        spellings |= {encoded[first:last].decode()}
        spellings |= {encoded[first:last].translate(bytes.maketrans(b"+/", b"-_")).decode()}
    return {spelling.casefold() for spelling in spellings}


def _texts(content: object) -> Iterator[str]:
    """All that a document says, its names and numbers too, and what JSON inside a text says."""
    if isinstance(content, dict):
        for name, value in content.items():
            yield name
            yield from _texts(value)
    elif isinstance(content, list):
        for item in content:
            yield from _texts(item)
    elif content is not None:
        text = str(content)
        yield text
        if text.lstrip()[:1] in ("{", "[", '"'):
            try:
                inner = json.loads(text, parse_float=str, parse_int=str)
            except (ValueError, RecursionError):
                return
            yield from _texts(inner)


def _wrong_payees(run: Run) -> Iterator[Violation]:
    """P4: Monoova was given the payee of the destination that the payout names."""
    payouts = {p.unique_reference: p for p in run.last.values()}
    for payment in run.book.payments:
        payout = payouts.get(payment.reference)
        if payout is None:
            continue
        if run.payee_of_destination.get(payout.destination_id) != payment.payee:
            what = "the money went to another than the destination's payee"
            yield _broken(what, f"{payout.evidence}, destination {payout.destination_id}")
