"""Whether two ways of writing a name may be one person's: the rule of decision 9."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.customers.rules.owner_name import may_be_same

LETTERS = st.characters(categories=["Lu", "Ll"], max_codepoint=0x17F)
WORDS = st.lists(st.text(LETTERS, min_size=2, max_size=9), min_size=2, max_size=4)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jo Citizen", "JO CITIZEN"),
        ("Jo Citizen", "Citizen, Jo"),
        ("Jo Citizen", "Mr. Jo  Citizen"),
        ("Jo Citizen", "J Citizen"),
        ("Jo Citizen", "CITIZEN J M"),
        ("J. Citizen", "Jo Citizen"),
        ("Jo M Citizen", "Jo Mary Citizen"),
        ("Zoë O'Neill", "ZOE ONEILL"),
        ("Mac Donald Jo", "MacDonald Jo"),
        ("Anne-Marie Straße", "anne marie strasse"),
        ("Jo & Al Citizen", "Jo and Al Citizen"),
        ("Example Pty Ltd", "EXAMPLE PROPRIETARY LIMITED"),
        ("Ώρα Ελένη", "ΕΛΕΝΗ ΩΡΑ"),
        ("Işık Aydın", "ISIK AYDIN"),
        ("J J Citizen", "Jo Jim Citizen"),
    ],
)
def test_ways_of_writing_one_name_match(one: str, other: str) -> None:
    assert may_be_same(one, other) is True
    assert may_be_same(other, one) is True


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jo Citizen", "Al Citizen"),
        ("Jo Citizen", "Jo Mary Citizen"),
        ("Jo Citizen", "Citizen"),
        ("Citizen", "J Citizen"),
        ("J Citizen", "A Citizen"),
        ("J C", "Jo Citizen"),
        ("J C", "C J"),
        ("Jo Jo Citizen", "Jo Citizen"),
        ("Example Pty Ltd", "Other Pty Ltd"),
        ("A Smith Jones", "A Smith Brown"),
    ],
)
def test_other_names_do_not(one: str, other: str) -> None:
    assert may_be_same(one, other) is False
    assert may_be_same(other, one) is False


def test_titles_and_what_a_company_s_form_is_called_are_left_out() -> None:
    titles = "mr mrs ms miss mx dr prof professor sir dame rev hon"
    forms = "pty ltd proprietary limited inc incorporated"
    for word in f"{titles} {forms}".split():
        assert may_be_same(f"{word} Jo Citizen", "Jo Citizen") is True, word


@pytest.mark.parametrize("nothing", ["", " ", "Mr & Mrs", "...", "Pty Ltd"])
def test_where_there_is_nothing_to_compare_nothing_is_said(nothing: str) -> None:
    assert may_be_same(nothing, "Jo Citizen") is None
    assert may_be_same("Jo Citizen", nothing) is None


@given(WORDS, st.randoms(use_true_random=False), st.sampled_from([" ", ", ", " - ", ". "]))
def test_order_capitals_and_what_stands_between_do_not_matter(
    words: list[str], chance: random.Random, between: str
) -> None:
    shuffled = chance.sample(words, len(words))
    other = between.join(word.upper() if chance.random() < 0.5 else word for word in shuffled)
    # A name of titles alone has nothing to compare; whatever it is, it is no mismatch.
    assert may_be_same(" ".join(words), other) is not False


@given(st.text(max_size=30), st.text(max_size=30))
def test_it_is_the_same_both_ways_round(one: str, other: str) -> None:
    assert may_be_same(one, other) == may_be_same(other, one)
