"""Calls that only read: balance and account, BSB, ping, the signing key."""

from simulator.clock import local_text
from simulator.messages import Json, Reply
from simulator.payids import is_bsb
from simulator.signing import SigningKey
from simulator.world import World

FEE_ACCOUNT = "6279059718793620"
BRANCHES = {
    "999-999": "closed; the address names another in its place",
    "999-998": "closed; the address names none",
    "999-000": "not known: HTTP 400",
}
"""The branches that are not simply open, as every other well-formed BSB is."""
_UNKNOWN_BSB = "999-000"
_REPLACED_BSB = "999-999"


class Enquiries:
    """Answers from the book and from fixed data; changes nothing."""

    def __init__(self, world: World, signing: SigningKey, m_account: str) -> None:
        self._world = world
        self._signing = signing
        self._m_account = m_account

    def financials(self, account_number: str) -> Reply:
        """`GET /mAccount/v1/financials/{accountNumber}`"""
        if account_number != self._m_account:
            return self._unknown_account()
        return self._world.replies.ok(financials=self._financials())

    def account(self, account_number: str) -> Reply:
        """`GET /mAccount/v1/get/{accountNumber}`"""
        if account_number != self._m_account:
            return self._unknown_account()
        details: Json = {
            "accountNumber": int(self._m_account),
            "name": "Simulated Merchant Pty Ltd",
            "abn": "77106249852",
            "contactName": "Simulated",
            "contactNumber": "0255550000",
            "email": "simulated@example.com",
            "addressLine1": "",
            "addressLine2": "1 Example Street",
            "suburb": "Sydney",
            "state": "NSW",
            "postCode": "2000",
            "bsb": "802-985",
            "bankAccountNumber": "123456789",
            "bankAccountTitle": "Simulated Merchant",
            "allowDuplicates": False,
            "feeAccount": FEE_ACCOUNT,
            "financials": self._financials(),
            "options": [],
        }
        return self._world.replies.ok(details=details)

    def bsb(self, bsb: str) -> Reply:
        """`GET /tools/v1/bsbValidate/{bsb}`. Says nothing of whether NPP reaches the branch."""
        if not is_bsb(bsb):
            return self._world.replies.refuse(
                "SimulatedBsbIsInvalid", f"BSB '{bsb}' must be in the format '999-999'"
            )
        # Monoova takes both forms of a BSB; here, too, they are the same branch.
        branch = bsb if "-" in bsb else f"{bsb[:3]}-{bsb[3:]}"
        is_special = self._world.behaviour.triggers and branch in BRANCHES
        if is_special and branch == _UNKNOWN_BSB:
            return self._world.replies.refuse("SimulatedBsbNotFound", f"There is no BSB {bsb}")
        is_replaced = is_special and branch == _REPLACED_BSB
        return self._world.replies.ok(
            bsb=bsb,
            closed=is_special,
            address="Refer to BSB 802-985" if is_replaced else "1 Example Street",
            city="Sydney",
            state="NSW",
            postCode="2000",
            bankCode="SIM",
        )

    def ping(self) -> Reply:
        """`GET /public/v1/ping` and `GET /tools/v1/ping`"""
        at = local_text(self._world.now(), self._world.behaviour.zone)
        return self._world.replies.ok(
            version=f"Simulated Monoova V:5.29 Environment: Sandbox DateTime: {at}",
            environment="Sandbox",
        )

    def public_key(self) -> Reply:
        """`GET /public/v1/certificate/public-key`: hexadecimal text, whatever its type says."""
        return Reply(200, self._signing.public_key_hex().encode(), "application/octet-stream")

    def certificate(self) -> Reply:
        """`GET /public/v1/certificate`: as PEM; Monoova does not say in which encoding."""
        body = self._signing.certificate_pem(self._world.now())
        return Reply(200, body, "application/octet-stream")

    def _financials(self) -> Json:
        balance = self._world.book.balance
        behaviour = self._world.behaviour
        return {
            "accountNumber": int(self._m_account),
            "actualBalance": balance,
            "clearedFundsOnly": False,
            "creditLimit": 0,
            "feeAccountActualBalance": 0,
            "feeAccountNumber": FEE_ACCOUNT,
            "hasSeparateFeeAccount": behaviour.separate_fee_account,
            "lowerCreditLimit": 0,
            "minimumSettlementAmount": 0.02,
            "settlementFrequency": "None",
            "upperCreditLimit": 0,
            "availableToDebit": balance,
            "availableToCredit": 100_000_000,
            "nppBalance": 0,
            "nppPayoutLimit": behaviour.npp_payout_limit,
            "isFeeAccount": False,
            "isParentAccount": True,
            "isParentClearedFunds": None,
            "clearedFundsAccountFinancials": None,
        }

    def _unknown_account(self) -> Reply:
        return self._world.replies.refuse(
            "SimulatedInvalidMAccount", "There is no such mAccount of yours"
        )
