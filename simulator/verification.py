"""Proof that a payee owns an account: a code that Monoova sends along with one cent."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from simulator.book import MovementKind
from simulator.messages import Reply, Request, from_json
from simulator.payids import account_fault, payid_fault
from simulator.world import World

SANDBOX_CODE = "555555"
WRONG_CODES_ALLOWED = 3
LOCKED_FOR = timedelta(hours=1)
_FEE = Decimal("1.00")
_FEE_GST = Decimal("0.10")
_ONE_CENT = Decimal("0.01")
_INVALID = "SimulatedVerificationIsInvalid"

OWNERS = {
    "stranger@example.com": "Another Name Pty Ltd",
    "unregistered@example.com": None,
    "+61-400000002": None,
}
"""Whose PayID it is, where that is not the name that was asked with; None: not registered."""


@dataclass
class Verification:
    """One token; three wrong codes lock it for an hour."""

    wrong_codes: int = 0
    locked_until: datetime | None = None
    is_verified: bool = False


class Verifications:
    """`initiate` and `validate`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rows: dict[str, Verification] = {}

    def initiate(self, request: Request) -> Reply:
        """`POST /verify/v2/aba/initiate`: moves one cent and a fee, both under the token."""
        body = _object(request)
        fault = _initiate_fault(body)
        if fault is not None:
            return self._world.replies.refuse(_INVALID, fault)
        owner = self._owner(body)
        if owner is None:
            return self._world.replies.refuse(_INVALID, "payId is not registered")
        token = str(uuid.UUID(int=self._world.rng.getrandbits(128), version=4))
        self._rows[token] = Verification()
        self._world.book.add(MovementKind.VERIFICATION, token, 0, -_ONE_CENT)
        self._world.book.add(MovementKind.FEE, token, 0, -(_FEE + _FEE_GST))
        is_payid = body.get("creditMethod") == "NppCreditPayId"
        return self._world.replies.ok(
            token=token,
            feeAmountExGst=_FEE,
            feeAmountGstComp=_FEE_GST,
            feeAmountIncGst=_FEE + _FEE_GST,
            ownerName=owner if is_payid else None,
        )

    def _owner(self, body: dict[str, object]) -> str | None:
        name, payee = str(body.get("accountName")), str(body.get("payId"))
        return OWNERS.get(payee, name) if self._world.behaviour.triggers else name

    def validate(self, request: Request) -> Reply:
        """`POST /verify/v1/aba/validate`: the sandbox's code is always the same."""
        body = _object(request)
        row = self._rows.get(str(body.get("token")))
        if row is None:
            return self._world.replies.refuse(_INVALID, "There is no such token")
        now = self._world.now()
        if row.locked_until is not None:
            if now < row.locked_until:
                return self._refuse_locked()
            row.locked_until, row.wrong_codes = None, 0
        if str(body.get("code")) == SANDBOX_CODE and str(body.get("amount")) == str(_ONE_CENT):
            row.is_verified = True
            return self._world.replies.ok()
        row.wrong_codes += 1
        if row.wrong_codes < WRONG_CODES_ALLOWED:
            return self._world.replies.refuse(
                "SimulatedVerificationCodeIsWrong", "The code or the amount is wrong"
            )
        row.locked_until = now + LOCKED_FOR
        return self._refuse_locked()

    def _refuse_locked(self) -> Reply:
        return self._world.replies.refuse(
            "SimulatedVerificationTokenIsLocked", "Too many wrong codes: locked for one hour"
        )


def _initiate_fault(body: dict[str, object]) -> str | None:
    for key, longest in (("accountName", 32), ("verificationIdentifier", 512)):
        value = body.get(key)
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            return f"{key} must be text of 1 to {longest} characters"
    if body.get("creditMethod") == "NppCreditPayId":
        return payid_fault(body.get("payIdType"), body.get("payId"))
    if body.get("creditMethod") == "NppCreditBankAccount":
        return account_fault(body.get("bsb"), body.get("bankAccountNumber"))
    return "creditMethod must be NppCreditBankAccount or NppCreditPayId"


def _object(request: Request) -> dict[str, object]:
    try:
        body = from_json(request.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
