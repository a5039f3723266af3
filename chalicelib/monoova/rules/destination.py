"""Where a payee is paid: a PayID or a bank account, normalised to the form that Monoova takes.

PayID formats: Monoova PayTo OpenAPI, `payId`. Account limits: Monoova Payments OpenAPI v5.29,
`NppCreditPayId` and `NppCreditBankAccount` (`accountNumber`: 28 letters and digits at most). Most
Australian accounts have 4 to 9 digits: what is longer or has letters is typed twice.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chalicelib.core.marks import MASK

_SHOWN: Final = 3

_EMAIL: Final = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
)
# 35 characters at most, as the rail has it.
_PHONE: Final = re.compile(r"\+[0-9]{1,3}-[1-9][0-9]{1,29}")
_ORGANISATION: Final = re.compile(r"[!-@\[-~][ -@\[-~]{0,254}[!-@\[-~]")
_BSB: Final = re.compile(r"([0-9]{3})-?([0-9]{3})")
_ACCOUNT_NUMBER: Final = re.compile(r"[0-9A-Za-z]{4,28}")
_USUAL_NUMBER: Final = re.compile(r"[0-9]{4,9}")
_SEPARATORS: Final = re.compile(r"[ \-]")
_SPACES: Final = re.compile(r"\s+")
_MOST_PAY_ID_CHARACTERS: Final = 256
# Monoova asks for two characters and names no maximum; its webhooks carry 140.
_NAME_CHARACTERS: Final = range(2, 141)


class DestinationType(StrEnum):
    PAY_ID = "PayId"
    BANK_ACCOUNT = "BankAccount"


class PayIdType(StrEnum):
    """Monoova's `payIdType`, spelt as Monoova spells it."""

    EMAIL = "Email"
    PHONE_NUMBER = "PhoneNumber"
    ABN = "ABN"
    ACN = "ACN"
    ORGANISATION_ID = "OrganisationId"


class InvalidDestinationError(ValueError):
    """One field is not what the rail takes; `field` is its name in a request."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True, repr=False)
class PayId:
    """A PayID in the form that Monoova takes. Its `repr` is masked."""

    pay_id: str
    pay_id_type: PayIdType
    account_name: str

    @property
    def type(self) -> DestinationType:
        return DestinationType.PAY_ID

    @property
    def masked(self) -> str:
        if self.pay_id_type is PayIdType.EMAIL:
            local, _, host = self.pay_id.partition("@")
            return f"{local[:1]}{MASK}@{host}"
        if self.pay_id_type is PayIdType.ORGANISATION_ID:
            return f"{self.pay_id[:1]}{MASK}"
        return f"{MASK}{self.pay_id[-_SHOWN:]}"

    @property
    def details(self) -> tuple[str, ...]:
        """Every payee detail in it, in the forms in which it may turn up in a text."""
        return (self.pay_id, self.pay_id.replace("-", ""), self.account_name)

    def __repr__(self) -> str:
        return f"PayId({self.masked})"


@dataclass(frozen=True, slots=True, repr=False)
class BankAccount:
    """A BSB (`999-999`) and account number. Its `repr` is masked."""

    bsb: str
    account_number: str
    account_name: str

    @property
    def type(self) -> DestinationType:
        return DestinationType.BANK_ACCOUNT

    @property
    def masked(self) -> str:
        return f"{MASK}{self.account_number[-_SHOWN:]}"

    @property
    def details(self) -> tuple[str, ...]:
        """Every payee detail in it, in the forms in which it may turn up in a text."""
        return (self.account_number, self.bsb, self.bsb.replace("-", ""), self.account_name)

    def __repr__(self) -> str:
        return f"BankAccount({self.masked})"


Destination = PayId | BankAccount


def bank_account(bsb: str, account_number: str, account_name: str) -> BankAccount:
    """A bank account, normalised.

    Raises:
        InvalidDestinationError
    """
    return BankAccount(
        bsb_of(bsb), account_number_of(account_number), account_name_of(account_name)
    )


def pay_id(value: str, kind: PayIdType, account_name: str, *, check_digits: bool) -> PayId:
    """A PayID, normalised to the form of its type.

    Args:
        check_digits: refuse an ABN or ACN whose check digits are wrong. Monoova's own sandbox
            samples fail them, so this is off there.

    Raises:
        InvalidDestinationError
    """
    normalised = pay_id_of(value, kind)
    if check_digits and not _has_valid_check_digits(normalised, kind):
        raise InvalidDestinationError("pay_id", f"Not a valid {kind}: its check digits are wrong.")
    return PayId(normalised, kind, account_name_of(account_name))


# One part at a time, so that an answer can name all that is wrong with a request at once. Each
# raises InvalidDestinationError.


def bsb_of(value: str) -> str:
    """A BSB with its hyphen: `062000` and `062-000` are one BSB."""
    found = _BSB.fullmatch(value.strip())
    if not found:
        raise InvalidDestinationError("bsb", "Not a BSB such as 062-000.")
    return f"{found[1]}-{found[2]}"


def account_number_of(value: str) -> str:
    """The letters, in the case they came in, and digits, without what groups them."""
    number = _SEPARATORS.sub("", value)
    if not _ACCOUNT_NUMBER.fullmatch(number):
        raise InvalidDestinationError(
            "account_number", "Not an account number of 4 to 28 letters and digits."
        )
    return number


def check_typed_again(value: str, again: str | None) -> None:
    """Whether an account number was typed a second time as it was the first.

    None is enough for up to nine digits. More of them, or a letter, is more often a slip than an
    account.

    Raises:
        InvalidDestinationError: it was not; or one of the two is no account number.
    """
    number = account_number_of(value)
    if again is None:
        if not _USUAL_NUMBER.fullmatch(number):
            raise InvalidDestinationError(
                "account_number",
                "More than nine digits, or letters: repeat it in account_number_confirmed.",
            )
    elif account_number_of(again) != number:
        raise InvalidDestinationError("account_number_confirmed", "Not the same account number.")


def pay_id_of(value: str, kind: PayIdType) -> str:
    """The PayID in the form of its type; its check digits are not checked."""
    normalised = _NORMALISERS[kind](value.strip())
    if normalised is None or len(normalised) > _MOST_PAY_ID_CHARACTERS:
        raise InvalidDestinationError("pay_id", f"Not a PayID of type {kind}.")
    return normalised


def account_name_of(value: str) -> str:
    """The name on one line, words one space apart."""
    name = _SPACES.sub(" ", value).strip()
    if len(name) not in _NAME_CHARACTERS or not name.isprintable():
        raise InvalidDestinationError("account_name", "Not a name of 2 to 140 characters.")
    return name


def _email(value: str) -> str | None:
    return _in_lower_case(value, _EMAIL)


def _phone(value: str) -> str | None:
    # Imported here: it takes 30 ms and only registering a phone number needs it.
    import phonenumbers

    try:
        number = phonenumbers.parse(value, "AU")
    except phonenumbers.NumberParseException:
        return None
    text = f"+{number.country_code}-{number.national_number}"
    is_sound = phonenumbers.is_possible_number(number) and _PHONE.fullmatch(text)
    # An extension, or a zero that belongs to the number (as in Italy), has no place in a PayID:
    # without it the text would name another phone.
    is_whole = not number.extension and not number.italian_leading_zero
    return text if is_sound and is_whole else None


def _digits(count: int) -> Callable[[str], str | None]:
    shape = re.compile(rf"[0-9]{{{count}}}")

    def normalise(value: str) -> str | None:
        digits = value.replace(" ", "")
        return digits if shape.fullmatch(digits) else None

    return normalise


def _organisation(value: str) -> str | None:
    return _in_lower_case(value, _ORGANISATION)


def _in_lower_case(value: str, shape: re.Pattern[str]) -> str | None:
    # Some letters of other scripts become ASCII in lower case: that would be another payee.
    text = value.lower()
    return text if value.isascii() and shape.fullmatch(text) else None


_NORMALISERS: Final[dict[PayIdType, Callable[[str], str | None]]] = {
    PayIdType.EMAIL: _email,
    PayIdType.PHONE_NUMBER: _phone,
    PayIdType.ABN: _digits(11),
    PayIdType.ACN: _digits(9),
    PayIdType.ORGANISATION_ID: _organisation,
}


def _has_valid_check_digits(digits: str, kind: PayIdType) -> bool:
    # Imported here: only registering a business needs it.
    from stdnum.au import abn, acn

    if kind is PayIdType.ABN:
        return bool(abn.is_valid(digits))
    return kind is not PayIdType.ACN or bool(acn.is_valid(digits))
