"""Formats of a payee, as Monoova publishes them."""

import re

PAYID_MAX = 256
_PAYIDS = {
    "PhoneNumber": re.compile(r"[+][0-9]{1,3}-[1-9][0-9]{1,29}"),
    "Email": re.compile(
        r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
        r"@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
    ),
    # No checksum: the official sandbox's own ABN and ACN samples fail theirs.
    "ABN": re.compile(r"\d{9}|\d{11}", re.ASCII),
    "ACN": re.compile(r"\d{9}|\d{11}", re.ASCII),
    "OrganisationId": re.compile(r"[!-@[-~][ -@[-~]{0,254}[!-@[-~]"),
}
_BSB = re.compile(r"\d{3}-?\d{3}", re.ASCII)
_ACCOUNT = re.compile(r"[a-zA-Z0-9]{1,28}")


def payid_fault(payid_type: object, payid: object) -> str | None:
    """What is wrong with a PayID, in words, or None.

    E-mail is folded to lower case first: the official example is in upper case, though the
    published pattern is not.
    """
    if not isinstance(payid_type, str) or payid_type not in _PAYIDS:
        return f"payIdType must be one of {', '.join(_PAYIDS)}"
    if not isinstance(payid, str) or not payid:
        return "payId is required"
    if len(payid) > PAYID_MAX:
        return f"payId is longer than {PAYID_MAX}"
    folded = payid.lower() if payid_type == "Email" else payid
    if not _PAYIDS[payid_type].fullmatch(folded):
        return f"payId is not in the format of {payid_type}"
    return None


def account_fault(bsb: object, account_number: object) -> str | None:
    """What is wrong with a bank account, in words, or None."""
    if not isinstance(bsb, str) or not is_bsb(bsb):
        return f"BSB '{bsb}' must be in the following format: Either '999999' or '999-999'"
    if not isinstance(account_number, str) or not _ACCOUNT.fullmatch(account_number):
        return "accountNumber must be 1 to 28 letters and digits"
    return None


def is_bsb(text: str) -> bool:
    """Whether `text` has the form of a BSB."""
    return _BSB.fullmatch(text) is not None
