"""A payee's destination: typed on request, or from a file.

Never on the command line, which the shell's history keeps and every process on the machine sees.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import click

from payoutctl.exits import Exit, Failure

KINDS: Final = ("pay_id_type", "bsb")
_USUAL_DIGITS: Final = 9
_PAY_ID_TYPES: Final = ("Email", "PhoneNumber", "ABN", "ACN", "OrganisationId")


def options(command: Any) -> Any:
    """What says of which kind it is; `file` is for all of it."""
    for option in (
        click.option(
            "--from", "file", metavar="FILE", help="Everything as JSON from a file; - reads stdin."
        ),
        click.option("--bsb", help="The BSB of a bank account, as 062-000; asks for the rest."),
        click.option(
            "--pay-id-type",
            type=click.Choice(_PAY_ID_TYPES),
            help="The type of a PayID; asks for the rest.",
        ),
    ):
        command = option(command)
    return command


def destination(where: Mapping[str, str | None]) -> dict[str, str] | None:
    """The kind that was said, and the rest asked for; None where no kind was said."""
    kind, bsb = where["pay_id_type"], where["bsb"]
    if kind and bsb:
        raise click.UsageError("Either --pay-id-type or --bsb.")
    if kind:
        said = {"type": "PayId", "pay_id_type": kind, "pay_id": asked("PayID")}
    elif bsb:
        said = {"type": "BankAccount", "bsb": bsb, **_account_number()}
    else:
        return None
    return {**said, "account_name": asked("Account name")}


def _account_number() -> dict[str, str]:
    """The number; twice if it is longer than most, or has letters: the API wants it so."""
    number = asked("Account number")
    said = {"account_number": number}
    if sum(map(str.isalnum, number)) > _USUAL_DIGITS or any(map(str.isalpha, number)):
        said["account_number_confirmed"] = asked("Longer than most: account number again")
    return said


def asked(words: str) -> str:
    """What a person types, asked for on stderr."""
    return str(click.prompt(words, err=True)).strip()


def read(file: str) -> dict[str, Any]:
    """The API's own document, from a file or from stdin.

    Raises:
        Failure: it cannot be read, or is no JSON object; nothing of what stands in it is repeated.
    """
    try:
        with click.open_file(file, encoding="utf-8") as opened:
            document = json.load(opened, parse_float=Decimal)
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}.", Exit.USAGE) from None
    except ValueError:
        raise Failure(f"{file}: this is not JSON.", Exit.USAGE) from None
    if not isinstance(document, dict):
        raise Failure(f"{file}: this is not a JSON object.", Exit.USAGE)
    return document
