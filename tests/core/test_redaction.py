"""Payee details taken out of free text, whatever the text looks like."""

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chalicelib.core.redaction import REDACTED, redact

# A detail that held the mark itself could not be distinguished from what replaced it.
DETAIL = st.text(st.characters(exclude_characters=REDACTED), min_size=2, max_size=40)
SPELLINGS = (str, str.upper, str.lower)


def plain(text: str) -> str:
    """The text with every run of blanks and control characters as one space."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@pytest.mark.parametrize(
    ("text", "known", "shown"),
    [
        ("account of Jo Citizen closed", ["Jo Citizen"], "account of ••• closed"),
        ("JO CITIZEN, jo citizen", ["Jo Citizen"], "•••, •••"),
        ("for STRAUSS", ["Strauß"], "for •••"),
        ("for Strauß", ["Strauß"], "for •••"),
        ("Al Smith is unknown", ["Smith", "Al Smith"], "••• is unknown"),
        ("Jo\nCitizen is closed", ["Jo Citizen"], "••• is closed"),
        ("Jo\t \x00Citizen is closed", ["Jo Citizen"], "••• is closed"),
        ("Jo Citizen Pty Ltd", ["Jo Citizen", "Jo Citizen Pty Ltd"], "•••"),
        ("no j here", ["j", "", " "], "no j here"),
        ("payid a+b@example.com (unknown)", [], "payid ••• (unknown)"),
        ("for o'neill@example.com, 'jo@example.com'", [], "for •••, •••'"),
        ("account 12345678 at 062-000", [], "account ••• at •••"),
        ("grouped 12 34 56 78, 12-34-56, 12.34.56", [], "grouped •••, •••, •••"),
        ("account 12AB34CD56 or ABCDEFGHI1 or A1B2C3D4", [], "account ••• or ••• or •••"),
        ("account 12ab34cd56 or Abcdefghi1 or a1b2c3d4", [], "account ••• or ••• or •••"),
        (
            "code AC04 in Week23 of ABCDEFGH1, ABCDEFGHIJ",
            [],
            "code AC04 in Week23 of ABCDEFGH1, ABCDEFGHIJ",
        ),
        ("account ab1 c-d, AB1CD", ["AB1CD"], "account •••, •••"),
        ("account of GBABCDE, A B", ["gbabcde", "AB"], "account of •••, A B"),
        ("call +61 412 345 678 or +61-412345678", [], "call ••• or •••"),
        ("error 404 in 3 tries", [], "error 404 in 3 tries"),
        (
            '"$100,000,001.00" exceeds the limit "$1,000"',
            [],
            '"$100,000,001.00" exceeds the limit "$1,000"',
        ),
        ("only $999.50 left", [], "only $999.50 left"),
        ("$12345678 is no sum", [], "$••• is no sum"),
        ("$123,456,7890 nor this", [], "$123,456,••• nor this"),
        ("$123 456 789 nor this", [], "$••• nor this"),
        ("  padded\r\n", [], "padded"),
        ("", ["Jo"], ""),
    ],
)
def test_what_is_left_of_a_text(text: str, known: list[str], shown: str) -> None:
    assert redact(text, known) == shown


def test_at_most_200_characters_are_kept() -> None:
    assert redact("x" * 1000) == "x" * 200


def test_what_is_cut_off_was_redacted_first() -> None:
    text = "x" * 195 + " Jo Citizen"
    assert "Jo" not in redact(text, ["Jo Citizen"])


@given(
    known=st.lists(DETAIL, min_size=1, max_size=3),
    gaps=st.lists(st.text(max_size=20), min_size=4, max_size=4),
    spelling=st.sampled_from(SPELLINGS),
)
@example(known=["0 a"], gaps=["", "0", "a", ""], spelling=str)
@example(known=["a b", "b a"], gaps=["", " ", " ", ""], spelling=str)
def test_no_known_detail_is_ever_left(
    known: list[str], gaps: list[str], spelling: type[str]
) -> None:
    assume(all(len(plain(detail)) >= 2 for detail in known))
    text = gaps[0] + "".join(
        spelling(detail) + gap for detail, gap in zip(known, gaps[1:], strict=False)
    )
    shown = redact(text, known)
    for detail in known:
        for spelt in (plain(detail), plain(spelling(detail))):
            assert spelt not in shown


@given(st.text("0123456789 -.+$,x", max_size=60))
def test_no_number_of_four_digits_is_left_but_a_sum(text: str) -> None:
    sums = re.compile(r"\$\d{1,3}(,\d{3})*(\.\d\d)?")
    left = sums.sub("a sum", redact(text))
    assert not re.search(r"\d(?:[ \-.]?\d){3}", left)


def test_a_text_without_end_is_read_through_once() -> None:
    assert redact("a" * 1_000_000) == "a" * 200


@given(st.emails(), st.text(max_size=10), st.text(max_size=10))
def test_no_e_mail_address_is_left(address: str, before: str, after: str) -> None:
    assert address not in redact(f"{before} {address} {after}")


@given(st.text())
def test_what_is_left_is_one_short_visible_line(text: str) -> None:
    shown = redact(text)
    assert len(shown) <= 200
    assert shown.isprintable()
    assert redact(shown) == shown


def test_a_text_of_5000_characters_is_searched_and_a_longer_one_is_not_shown() -> None:
    assert redact("x" * 4997 + " Jo", ["Jo"]) == "x" * 200
    assert redact("x" * 4998 + " Jo", ["Jo"]) == REDACTED
