"""Where a payee is paid: normalised to the form that Monoova takes, or refused; masked in view."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.monoova.rules.destination import (
    BankAccount,
    DestinationType,
    InvalidDestinationError,
    PayId,
    PayIdType,
    account_name_of,
    account_number_of,
    bank_account,
    bsb_of,
    check_typed_again,
    pay_id,
    pay_id_of,
)

EMAIL, PHONE = PayIdType.EMAIL, PayIdType.PHONE_NUMBER
ABN, ACN, ORGANISATION = PayIdType.ABN, PayIdType.ACN, PayIdType.ORGANISATION_ID

# Monoova PayTo OpenAPI, `payId`: what the rail takes for each type.
RAIL = {
    EMAIL: re.compile(
        r"(?:[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
        r"@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)"
    ),
    PHONE: re.compile(r"[+][0-9]{1,3}-[1-9]{1,1}[0-9]{1,29}"),
    ABN: re.compile(r"((\d{9})|(\d{11}))", re.ASCII),
    ACN: re.compile(r"((\d{9})|(\d{11}))", re.ASCII),
    ORGANISATION: re.compile(r"[!-@[-~][ -@[-~]{0,254}[!-@[-~]"),
}


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        (EMAIL, "jo.citizen@example.com", "jo.citizen@example.com"),
        (EMAIL, "MW9GM4@Monoova.ME", "mw9gm4@monoova.me"),
        (EMAIL, "  jo@example.com\n", "jo@example.com"),
        (EMAIL, "o'neill+tag@sub.example.com.au", "o'neill+tag@sub.example.com.au"),
        (PHONE, "+61-412345678", "+61-412345678"),
        (PHONE, "+61412345678", "+61-412345678"),
        (PHONE, "0412 345 678", "+61-412345678"),
        (PHONE, "0412345678", "+61-412345678"),
        (PHONE, "(04) 1234 5678", "+61-412345678"),
        (PHONE, "+61-0412345678", "+61-412345678"),
        (PHONE, "+61 412 345 678", "+61-412345678"),
        (PHONE, "02 9876 5432", "+61-298765432"),
        (PHONE, "+64 21 123 4567", "+64-211234567"),
        (PHONE, "+1 (415) 555-2671", "+1-4155552671"),
        (PHONE, "+44 20 7946 0958", "+44-2079460958"),
        (PHONE, "+683 4002", "+683-4002"),
        (ABN, "51 824 753 556", "51824753556"),
        (ABN, "51824753556", "51824753556"),
        (ACN, "004 085 616", "004085616"),
        (ACN, "004085616", "004085616"),
        (ORGANISATION, "ExampleOrg", "exampleorg"),
        (ORGANISATION, " example org #1 ", "example org #1"),
        (ORGANISATION, "[\\]^_`", "[\\]^_`"),
        (ORGANISATION, "ab", "ab"),
        (ORGANISATION, "x" * 256, "x" * 256),
    ],
)
def test_a_payid_is_stored_in_the_form_of_its_type(
    kind: PayIdType, typed: str, stored: str
) -> None:
    made = pay_id(typed, kind, "Jo Citizen", check_digits=True)
    assert made == PayId(stored, kind, "Jo Citizen")
    assert made.type is DestinationType.PAY_ID
    assert RAIL[kind].fullmatch(made.pay_id)


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (EMAIL, ""),
        (EMAIL, "jo"),
        (EMAIL, "jo@"),
        (EMAIL, "@example.com"),
        (EMAIL, "jo@example"),
        (EMAIL, "jo@@example.com"),
        (EMAIL, "jo citizen@example.com"),
        (EMAIL, ".jo@example.com"),
        (EMAIL, "jo..c@example.com"),
        (EMAIL, "jo@-example.com"),
        (EMAIL, "jo@example.com, al@example.com"),
        (EMAIL, "jö@example.com"),
        (EMAIL, "ja\u212ae@example.com"),  # in lower case a k: another payee's address
        (EMAIL, "jo@example.com\x00"),
        (EMAIL, f"{'x' * 250}@example.com"),
        (PHONE, ""),
        (PHONE, "nonsense"),
        (PHONE, "12"),
        (PHONE, "+61"),
        (PHONE, "+61-4123456789012345"),
        (PHONE, "+999 123456789"),
        (PHONE, "0412 345 678 ext. 9"),
        (PHONE, "+" + "1" * 300),
        (PHONE, "+39 06 698 12345"),
        (PHONE, "jo@example.com"),
        (ORGANISATION, "ban\u212a"),
        (ABN, "5182475355"),
        (ABN, "518247535560"),
        (ABN, "51-824-753-556"),
        (ABN, "５１８２４７５３５５６"),  # wide digits are digits to Python
        (ACN, "00408561"),
        (ACN, "51824753556"),
        (ACN, "abcdefghi"),
        (ORGANISATION, ""),
        (ORGANISATION, "a"),
        (ORGANISATION, "two\nlines"),
        (ORGANISATION, "naïve"),
        (ORGANISATION, "x" * 257),
    ],
)
def test_what_is_no_payid_of_its_type_is_refused(kind: PayIdType, typed: str) -> None:
    with pytest.raises(InvalidDestinationError) as refused:
        pay_id(typed, kind, "Jo Citizen", check_digits=False)
    assert refused.value.field == "pay_id"
    assert refused.value.message == f"Not a PayID of type {kind.value}."


@pytest.mark.parametrize(
    ("kind", "typed"),
    # The samples of Monoova's own sandbox, and a slip of the pen in a good one.
    [(ABN, "38126015228"), (ACN, "987654321"), (ABN, "51824753565"), (ACN, "004085617")],
)
def test_wrong_check_digits_are_refused_outside_of_the_sandbox_only(
    kind: PayIdType, typed: str
) -> None:
    assert pay_id(typed, kind, "Jo Citizen", check_digits=False).pay_id == typed
    with pytest.raises(InvalidDestinationError, match="check digits are wrong") as refused:
        pay_id(typed, kind, "Jo Citizen", check_digits=True)
    assert refused.value.field == "pay_id"
    assert typed not in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("062000", "062-000"),
        ("062-000", "062-000"),
        (" 062-000 ", "062-000"),
        ("802985", "802-985"),
    ],
)
def test_a_bsb_is_stored_with_its_dash(typed: str, stored: str) -> None:
    assert bsb_of(typed) == stored


@pytest.mark.parametrize(
    "typed",
    ["", "06200", "0620000", "06-2000", "062--000", "062 000", "06200a", "062-000-1", "０６２-000"],
)
def test_what_is_no_bsb_is_refused(typed: str) -> None:
    with pytest.raises(InvalidDestinationError, match="Not a BSB") as refused:
        bank_account(typed, "12345678", "Jo Citizen")
    assert refused.value.field == "bsb"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("1234", "1234"),
        ("123456789", "123456789"),
        ("123 456 789", "123456789"),
        ("1234567890", "1234567890"),
        ("ab12-CD34 x", "ab12CD34x"),
        ("Z" * 28, "Z" * 28),
        ("1234 5678", "12345678"),
        ("12-34-56", "123456"),
        (" 0001 ", "0001"),
    ],
)
def test_an_account_number_is_stored_as_its_letters_and_digits(typed: str, stored: str) -> None:
    made = bank_account("062000", typed, "Jo Citizen")
    assert made == BankAccount("062-000", stored, "Jo Citizen")
    assert made.type is DestinationType.BANK_ACCOUNT


@pytest.mark.parametrize(
    "typed", ["", "123", "1 2-3", "1" * 29, "1234.5", "12\t345", "١٢٣٤", "Zoë12", "12345\n"]
)
def test_what_is_no_account_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidDestinationError, match="4 to 28 letters and digits") as refused:
        bank_account("062-000", typed, "Jo Citizen")
    assert refused.value.field == "account_number"


@pytest.mark.parametrize(
    ("typed", "again"),
    [
        ("1234", None),
        ("123 456 789", None),
        ("12345678", "12-34 5678"),
        ("1234567890", "12345 67890"),
        ("12-34a", "1234a"),
        ("A" * 28, "A" * 28),
    ],
)
def test_a_number_that_was_typed_again_as_the_first_time_is_taken(
    typed: str, again: str | None
) -> None:
    check_typed_again(typed, again)


UNUSUAL = "More than nine digits, or letters: repeat it in account_number_confirmed."
NOT_THE_SAME = "Not the same account number."


@pytest.mark.parametrize(
    ("typed", "again", "field", "message"),
    [
        ("1234567890", None, "account_number", UNUSUAL),
        ("123a", None, "account_number", UNUSUAL),
        ("1234567890", "1234567891", "account_number_confirmed", NOT_THE_SAME),
        ("12345678", "012345678", "account_number_confirmed", NOT_THE_SAME),
        ("AB12", "ab12", "account_number_confirmed", NOT_THE_SAME),
    ],
)
def test_an_unusual_number_that_was_not_typed_again_the_same_is_refused(
    typed: str, again: str | None, field: str, message: str
) -> None:
    with pytest.raises(InvalidDestinationError) as refused:
        check_typed_again(typed, again)
    assert (refused.value.field, refused.value.message) == (field, message)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Jo", "Jo"),
        ("  Jo   Citizen\n", "Jo Citizen"),
        ("Jo\tCitizen\u00a0Jr", "Jo Citizen Jr"),
        ("José Nguyễn", "José Nguyễn"),
        ("x" * 140, "x" * 140),
    ],
)
def test_a_name_is_stored_on_one_line(typed: str, stored: str) -> None:
    assert account_name_of(typed) == stored
    assert pay_id("a@b.co", EMAIL, typed, check_digits=True).account_name == stored


@pytest.mark.parametrize("typed", ["", "J", "  J  ", "x" * 141, "Jo\x00Citizen", "Jo\u202eCitizen"])
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(InvalidDestinationError, match="2 to 140") as refused:
        bank_account("062-000", "12345678", typed)
    assert refused.value.field == "account_name"


@pytest.mark.parametrize(
    ("destination", "masked"),
    [
        (PayId("jo.citizen@example.com", EMAIL, "Jo Citizen"), "j•••@example.com"),
        (PayId("+61-412345678", PHONE, "Jo Citizen"), "•••678"),
        (PayId("51824753556", ABN, "Jo Citizen"), "•••556"),
        (PayId("004085616", ACN, "Jo Citizen"), "•••616"),
        (PayId("example org", ORGANISATION, "Jo Citizen"), "e•••"),
        (BankAccount("062-000", "123456789", "Jo Citizen"), "•••789"),
        (BankAccount("062-000", "1234", "Jo Citizen"), "•••234"),
        (BankAccount("062-000", "GB12ABCD3456xyz", "Jo Citizen"), "•••xyz"),
    ],
)
def test_a_destination_is_shown_masked_and_never_in_full(
    destination: PayId | BankAccount, masked: str
) -> None:
    assert destination.masked == masked
    for shown in (repr(destination), str(destination), f"{destination}", destination.masked):
        assert masked in shown
        assert not any(detail in shown for detail in destination.details)


def test_the_details_to_redact_come_in_every_form_they_are_written_in() -> None:
    account = BankAccount("062-000", "123456789", "Jo Citizen")
    assert set(account.details) == {"062-000", "062000", "123456789", "Jo Citizen"}
    phone = PayId("+61-412345678", PHONE, "Jo Citizen")
    assert set(phone.details) == {"+61-412345678", "+61412345678", "Jo Citizen"}


@settings(deadline=None)  # the first phone number loads the numbering plans of all countries
@given(st.text(max_size=40) | st.emails(), st.sampled_from(PayIdType))
def test_whatever_is_accepted_is_what_the_rail_takes_and_stays_as_it_is(
    typed: str, kind: PayIdType
) -> None:
    try:
        stored = pay_id_of(typed, kind)
    except InvalidDestinationError:
        return
    assert RAIL[kind].fullmatch(stored)
    assert len(stored) <= 256
    assert pay_id_of(stored, kind) == stored


@settings(deadline=None)
@given(st.from_regex(r"\+?[0-9][0-9 ()-]{5,18}", fullmatch=True))
def test_an_accepted_phone_number_is_what_the_rail_takes_and_stays_as_it_is(typed: str) -> None:
    try:
        stored = pay_id_of(typed, PHONE)
    except InvalidDestinationError:
        return
    assert RAIL[PHONE].fullmatch(stored)
    assert len(stored) <= 35
    assert pay_id_of(stored, PHONE) == stored


@given(st.integers(min_value=400_000_000, max_value=499_999_999))
@settings(deadline=None)
def test_every_way_to_write_an_australian_mobile_is_one_payid(number: int) -> None:
    local = f"0{number}"
    spaced = f"{local[:4]} {local[4:7]} {local[7:]}"
    ways = {local, spaced, f"+61{number}", f"+61-{number}", f"+61 {spaced[1:]}"}
    assert {pay_id_of(way, PHONE) for way in ways} == {f"+61-{number}"}


@given(st.from_regex(r"[0-9]{3}-?[0-9]{3}", fullmatch=True), st.integers(1000, 999_999_999))
def test_a_normalised_account_stays_as_it_is(bsb: str, number: int) -> None:
    made = bank_account(bsb, account_number_of(str(number)), "Jo Citizen")
    assert re.fullmatch(r"[0-9]{3}-[0-9]{3}", made.bsb)
    assert bank_account(made.bsb, made.account_number, made.account_name) == made


@pytest.mark.parametrize("kind", [EMAIL, ORGANISATION])
def test_monoova_takes_256_characters_of_a_payid_and_no_more(kind: PayIdType) -> None:
    host = "@example.com" if kind is EMAIL else "-org"
    longest = "x" * (256 - len(host)) + host
    assert pay_id_of(longest, kind) == longest
    with pytest.raises(InvalidDestinationError):
        pay_id_of("x" + longest, kind)


@pytest.mark.parametrize(
    ("bsb", "number", "name", "message"),
    [
        ("no", "12345678", "Jo Citizen", "Not a BSB such as 062-000."),
        ("062-000", "no", "Jo Citizen", "Not an account number of 4 to 28 letters and digits."),
        ("062-000", "12345678", "J", "Not a name of 2 to 140 characters."),
    ],
)
def test_an_error_is_one_sentence_that_says_what_is_wrong(
    bsb: str, number: str, name: str, message: str
) -> None:
    with pytest.raises(InvalidDestinationError) as refused:
        bank_account(bsb, number, name)
    assert refused.value.message == str(refused.value) == message
