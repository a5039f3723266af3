"""A fake user pool that checks a password's proof, and poses the challenges of Cognito."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from payoutctl.srp import G, N, derived, number, padded, private_number

POOL: Final = "ap-southeast-2_Example"
CLIENT: Final = "client-1"
USER: Final = "user-1"
PASSWORD: Final = "a good long password"
CODE: Final = "123456"


class Verifier:
    """What the user pool stores: a verifier, not the password."""

    def __init__(self, password: str) -> None:
        self.salt = secrets.randbits(128)
        self._verifier = pow(G, private_number("Example", USER, password, self.salt), N)
        self._secret = secrets.randbits(256)
        k = number(padded(N), padded(G))
        self.public = (k * self._verifier + pow(G, self._secret, N)) % N

    def challenge(self) -> dict[str, str]:
        return {
            "USER_ID_FOR_SRP": USER,
            "USERNAME": USER,
            "SALT": f"{self.salt:x}",
            "SRP_B": f"{self.public:x}",
            "SECRET_BLOCK": base64.b64encode(b"secret block").decode(),
        }

    def signature(self, their_public: str, at: str) -> str:
        theirs = int(their_public, 16)
        scramble = number(padded(theirs), padded(self.public))
        shared = pow(theirs * pow(self._verifier, scramble, N), self._secret, N)
        signed = b"Example" + USER.encode() + b"secret block" + at.encode()
        key = derived(shared, scramble)
        return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


@dataclass
class Pool:
    """The client of a pool. `asks` are the challenges after the password, in order.

    `id_token` is what signing in gives.
    """

    id_token: str
    asks: list[str] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)
    revoked: list[str] = field(default_factory=list)
    is_refreshing: bool = True
    refreshed: int = 0

    def __post_init__(self) -> None:
        self._verifier = Verifier(PASSWORD)
        self._public = ""

    def initiate_auth(self, **words: Any) -> dict[str, Any]:
        assert words["ClientId"] == CLIENT
        if words["AuthFlow"] == "REFRESH_TOKEN_AUTH":
            if not self.is_refreshing:
                raise _error("NotAuthorizedException", "Refresh Token has expired")
            self.refreshed += 1
            return _result(self.id_token, refresh=None)
        self._public = words["AuthParameters"]["SRP_A"]
        return {
            "ChallengeName": "PASSWORD_VERIFIER",
            "ChallengeParameters": self._verifier.challenge(),
        }

    def respond_to_auth_challenge(self, **words: Any) -> dict[str, Any]:
        responses = words["ChallengeResponses"]
        if words["ChallengeName"] == "PASSWORD_VERIFIER":
            expected = self._verifier.signature(self._public, responses["TIMESTAMP"])
            if responses["PASSWORD_CLAIM_SIGNATURE"] != expected:
                raise _error("NotAuthorizedException", "Incorrect username or password.")
        else:
            assert words["Session"] == "session-1"
            self.given |= responses
        if responses.get("SOFTWARE_TOKEN_MFA_CODE", CODE) != CODE:
            raise _error("CodeMismatchException", "Invalid code")
        if self.asks:
            return {"ChallengeName": self.asks.pop(0), "Session": "session-1"}
        return _result(self.id_token, refresh="refresh-1")

    def revoke_token(self, **words: Any) -> None:
        self.revoked.append(words["Token"])


def _result(id_token: str, refresh: str | None) -> dict[str, Any]:
    result = {"IdToken": id_token, "AccessToken": "access-1", "ExpiresIn": 3600}
    return {"AuthenticationResult": result | ({"RefreshToken": refresh} if refresh else {})}


def _error(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "InitiateAuth")
