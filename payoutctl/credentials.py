"""Whose token goes with a call: the environment's, the local stack's, or the one of `login`."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from payoutctl import sign_in
from payoutctl.exits import Exit, Failure
from payoutctl.tokens import TokenFile, Tokens

if TYPE_CHECKING:
    from payoutctl.session import Session


class Credentials:
    """Asked before each call, for a run may outlive a token: then it is renewed."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._tokens: Tokens | None = None
        self.file = TokenFile(session.environment, session.connection.name)

    @property
    def given(self) -> str:
        """`PAYOUTS_TOKEN`; it is for a deployment, never for the local stack."""
        if self._session.is_local:
            return ""
        return self._session.environment.get("PAYOUTS_TOKEN", "").strip()

    def token(self) -> str:
        """
        Raises:
            Failure: not signed in, or the session has ended.
        """
        return self.given or self._fresh().id_token

    def _fresh(self) -> Tokens:
        session, is_local = self._session, bool(self._session.connection.users)
        tokens = self._tokens or (self._local() if is_local else self._kept())
        connection = replace(session.connection, region=tokens.region)
        fresh = sign_in.fresh(
            lambda: session.adapters.cognito(connection), connection, tokens, session.adapters.now()
        )
        if fresh is not tokens and not is_local:
            self.file.write(fresh)
        self._tokens = fresh
        return fresh

    def _kept(self) -> Tokens:
        kept = self.file.read()
        if kept is None or kept.api_url != self._session.connection.api_url:
            raise Failure("Sign in first: payoutctl login.", Exit.NOT_ALLOWED)
        return kept

    def _local(self) -> Tokens:
        session = self._session
        user = session.connection.users.get(session.as_group)
        if user is None:
            known = ", ".join(session.connection.users)
            raise Failure(f"The local stack has the groups {known}.", Exit.USAGE)
        cognito = session.adapters.cognito(session.connection)
        return sign_in.signed_in(
            cognito, session.connection, user.email, user.password, ask, session.adapters.now
        )


def ask(words: str) -> str:
    """Something that is not shown while it is typed."""
    return str(click.prompt(words, hide_input=True, err=True))
