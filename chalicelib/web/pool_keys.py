"""Where the public keys of a user pool are, and how they are fetched."""

from typing import TYPE_CHECKING, Final

from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session

from chalicelib.web.identity_tokens import KeysUnavailableError, issuer_of

if TYPE_CHECKING:
    from botocore.session import Session

_SECONDS: Final = 3
_TRIES: Final = 2


def address_of(pool_id: str, emulated_aws: str = "") -> str:
    """The address of the pool's JSON Web Key Set; `emulated_aws` is in the place of AWS."""
    base = f"{emulated_aws}/{pool_id}" if emulated_aws else issuer_of(pool_id)
    return f"{base}/.well-known/jwks.json"


def fetched(address: str, session: "Session") -> bytes:
    """What stands at `address`, trusting whom the clients of `session` trust.

    Raises:
        KeysUnavailableError
    """
    verify = session.get_config_variable("ca_bundle") or True
    http = URLLib3Session(verify=verify, timeout=_SECONDS)
    problem = ""
    for _ in range(_TRIES):
        try:
            answer = http.send(AWSRequest("GET", address).prepare())
        except BotoCoreError as error:
            problem = type(error).__name__
            continue
        if answer.status_code == 200:
            return bytes(answer.content)
        problem = f"HTTP {answer.status_code}"
    raise KeysUnavailableError(f"the pool's keys: {problem}")
