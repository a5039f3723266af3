"""Text from outside, made safe for a terminal: no control characters."""

import re
from typing import Final

import simplejson

# JSON escapes C0; C1 controls a terminal as well, and a lone surrogate cannot be written.
_UNSAFE_IN_JSON: Final = re.compile(r"[\x7f-\x9f\ud800-\udfff]")


def clean(text: str) -> str:
    """With a question mark for whatever is no letter, sign, blank or end of a line."""
    return "".join(each if each.isprintable() or each == "\n" else "?" for each in text)


def as_json(document: object) -> str:
    """Amounts keep their decimals; control characters are escaped."""
    text = simplejson.dumps(document, use_decimal=True, indent=2, ensure_ascii=False)
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
