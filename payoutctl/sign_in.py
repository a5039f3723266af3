"""Signing in at the user pool, and staying signed in for a working day."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from payoutctl.connection import Connection
from payoutctl.exits import Exit, Failure
from payoutctl.srp import Proof, SrpError
from payoutctl.tokens import Tokens

# A token with less than this left might end on its way.
_LEAST_SECONDS: Final = 60
_MOST_CHALLENGES: Final = 4

Ask = Callable[[str], str]
"""Asks the person for something that is not shown while it is typed."""
Now = Callable[[], datetime]


def cognito_of(connection: Connection) -> Any:
    """A client of the user pool. Signing in needs no credentials of AWS."""
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    session: Any = boto3.Session(region_name=connection.region)
    return session.client(
        "cognito-idp",
        endpoint_url=connection.aws.endpoint if connection.aws else None,
        config=Config(signature_version=UNSIGNED, retries={"mode": "standard"}),
    )


def signed_in(
    cognito: Any, connection: Connection, username: str, password: str, ask: Ask, now: Now
) -> Tokens:
    """Tokens for a name and a password, and whatever else the pool wants to know.

    Raises:
        Failure: refused, or something is asked that a terminal cannot answer.
    """
    proof = Proof(connection.user_pool_id, password)
    answer = _called(
        cognito.initiate_auth,
        ClientId=connection.user_pool_client_id,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": username, "SRP_A": proof.public},
    )
    name = username
    for _ in range(_MOST_CHALLENGES):
        if "AuthenticationResult" in answer:
            return _tokens(answer["AuthenticationResult"], connection, username, "", now)
        asked = answer.get("ChallengeParameters", {})
        name = asked.get("USERNAME", name)
        answer = _called(
            cognito.respond_to_auth_challenge,
            ClientId=connection.user_pool_client_id,
            ChallengeName=answer["ChallengeName"],
            ChallengeResponses={"USERNAME": name, **_response(answer, proof, ask, now)},
            **({"Session": answer["Session"]} if answer.get("Session") else {}),
        )
    raise Failure("The user pool did not accept the sign-in.", Exit.NOT_ALLOWED)


def _response(answer: Mapping[str, Any], proof: Proof, ask: Ask, now: Now) -> dict[str, str]:
    name = answer["ChallengeName"]
    if name == "PASSWORD_VERIFIER":
        try:
            return proof.answer(answer["ChallengeParameters"], now())
        except SrpError as error:
            raise Failure(str(error), Exit.NOT_ALLOWED) from None
    if name == "SOFTWARE_TOKEN_MFA":
        return {"SOFTWARE_TOKEN_MFA_CODE": ask("The code of your authenticator app")}
    if name == "NEW_PASSWORD_REQUIRED":
        return {"NEW_PASSWORD": _new_password(ask)}
    raise Failure(f"The user pool asks for {name}: sign in to the console.", Exit.NOT_ALLOWED)


def _new_password(ask: Ask) -> str:
    new = ask("This password is temporary. A new password, of 14 characters or more")
    if ask("The new password again") != new:
        raise Failure("The two passwords differ. Nothing was changed.", Exit.REFUSED)
    return new


def fresh(
    cognito: Callable[[], Any], connection: Connection, tokens: Tokens, now: datetime
) -> Tokens:
    """The tokens while they are good, else new ones by the refresh token.

    Raises:
        Failure: the working day is over: sign in again.
    """
    if now.timestamp() < tokens.expires_at - _LEAST_SECONDS:
        return tokens
    try:
        answer = _called(
            cognito().initiate_auth,
            ClientId=tokens.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": tokens.refresh_token},
        )
    except Failure as failure:
        if failure.exit_code != Exit.NOT_ALLOWED:
            raise
        raise Failure("Your session has ended: payoutctl login.", Exit.NOT_ALLOWED) from None
    result = answer["AuthenticationResult"]
    return _tokens(result, connection, tokens.username, tokens.refresh_token, lambda: now)


def revoke(cognito: Any, tokens: Tokens) -> None:
    """End what the refresh token could still do."""
    _called(cognito.revoke_token, Token=tokens.refresh_token, ClientId=tokens.client_id)


def _called(call: Callable[..., Any], **words: Any) -> Any:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call(**words)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        ends = Exit.TRY_AGAIN if "TooMany" in code or "Internal" in code else Exit.NOT_ALLOWED
        message = error.response["Error"].get("Message", "")
        raise Failure(f"The user pool says: {message or code}", ends) from None
    except BotoCoreError as error:
        raise Failure(
            f"The user pool cannot be reached ({type(error).__name__}).", Exit.TRY_AGAIN
        ) from None


def _tokens(
    result: Mapping[str, Any], connection: Connection, username: str, refresh_token: str, now: Now
) -> Tokens:
    return Tokens(
        api_url=connection.api_url,
        username=username,
        client_id=connection.user_pool_client_id,
        pool_id=connection.user_pool_id,
        region=connection.region,
        expires_at=now().timestamp() + float(result["ExpiresIn"]),
        id_token=result["IdToken"],
        refresh_token=result.get("RefreshToken", refresh_token),
    )
