"""No text that is sent takes longer than its length: patterns that go back over it would."""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from typing import Final

import pytest

import chalicelib
from chalicelib.batches import csv_file
from chalicelib.core.redaction import redact
from chalicelib.customers.schemas import CUSTOMER
from chalicelib.web.http import _MOST_BODY_BYTES, _MOST_FILE_BYTES, _MOST_WEBHOOK_BYTES

UNITS: Final = ("a", "@", ".", "a@", "a.", "1", "1 ", "a@b.", "-a")
# Looked for inside a text, and never held against the whole of one.
SEARCHED: Final = {"chalicelib.core.redaction._EMAIL"}


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
        if ".static" not in module.name and ".coldstart" not in module.name:
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, re.Pattern):
                    yield f"{module.name}.{name}", value


ALL: Final = dict(patterns())


@pytest.mark.parametrize("name", [name for name in ALL if name not in SEARCHED])
def test_a_pattern_takes_a_text_as_long_as_a_body_at_once(name: str) -> None:
    for unit in UNITS:
        text = f"a@{unit * (_MOST_BODY_BYTES // len(unit))}@"
        started = time.process_time()
        ALL[name].fullmatch(text)
        assert time.process_time() - started < 0.1, unit


@pytest.mark.parametrize("unit", ["a@", ".", "@", "a.", "a@b."])
def test_an_email_as_long_as_a_body_is_refused_at_once(unit: str) -> None:
    email = f"a@{unit * (_MOST_BODY_BYTES // len(unit))}@"
    started = time.process_time()
    assert "email" in CUSTOMER.validate({"name": "Jo", "email": email})
    assert time.process_time() - started < 0.1


@pytest.mark.parametrize(
    ("email", "taken"),
    [
        ("jo@payee.example", True),
        ("o'neill@a.b", True),
        (f"{'a' * 246}@b.co.au", True),
        (f"{'a' * 247}@b.co.au", False),
        ("@payee.example", False),
        ("jo@.example", False),
        ("jo@example.", False),
        ("jo@example", False),
        ("jo@a@b.example", False),
        ("j o@payee.example", False),
        ("jo@payee.example\n", False),
        ("jo\u00a0@payee.example", False),
    ],
)
def test_an_email_is_what_it_was(email: str, taken: bool) -> None:
    assert ("email" not in CUSTOMER.validate({"name": "Jo", "email": email})) is taken


@pytest.mark.parametrize("unit", ["1 ", "a@", "$1,111", "'@", "1.1"])
def test_a_reason_as_long_as_a_webhook_is_redacted_at_once(unit: str) -> None:
    started = time.process_time()
    redact(unit * (_MOST_WEBHOOK_BYTES // len(unit)))
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(
    "text",
    ["{}\n", "customer_id,amount{}x", "customer_id,amount\n{}x", "{},x"],
    ids=["at the end", "in the header", "in the middle", "at the beginning"],
)
@pytest.mark.parametrize("unit", ["\n", "\r\n", "\r", ","])
def test_a_file_of_line_breaks_or_commas_is_refused_at_once(text: str, unit: str) -> None:
    content = text.format(unit * (_MOST_FILE_BYTES // len(unit))).encode()
    started = time.process_time()
    assert csv_file.read(content, 100_000).errors.by_line
    assert time.process_time() - started < 0.5
