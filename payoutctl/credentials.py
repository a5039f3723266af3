"""Whose token goes with a call: the environment's, the local stack's, or the one of `login`."""

from collections.abc import Mapping
from dataclasses import replace

import click

from payoutctl import sign_in
from payoutctl.adapters import Adapters
from payoutctl.connection import Connection
from payoutctl.exits import Exit, Failure
from payoutctl.tokens import TokenFile, Tokens


class Credentials:
    """Asked before each call, for a run may outlive a token: then it is renewed."""

    def __init__(
        self,
        environment: Mapping[str, str],
        connection: Connection,
        adapters: Adapters,
        as_group: str,
        *,
        is_local: bool,
    ) -> None:
        """`as_group` names one of the connection's own users, where it has any."""
        self._environment = environment
        self._connection = connection
        self._adapters = adapters
        self._as_group = as_group
        self._is_local = is_local
        self._tokens: Tokens | None = None
        self.file = TokenFile(environment, connection.name)

    @property
    def given(self) -> str:
        """`PAYOUTS_TOKEN`; it is for a deployment, never for the local stack."""
        if self._is_local:
            return ""
        return self._environment.get("PAYOUTS_TOKEN", "").strip()

    def token(self) -> str:
        """
        Raises:
            Failure: not signed in, or the session has ended.
        """
        return self.given or self._fresh().id_token

    def _fresh(self) -> Tokens:
        is_local = bool(self._connection.users)
        tokens = self._tokens or (self._local() if is_local else self._kept())
        connection = replace(self._connection, region=tokens.region)
        fresh = sign_in.fresh(
            lambda: self._adapters.cognito(connection), connection, tokens, self._adapters.now()
        )
        if fresh is not tokens and not is_local:
            self.file.write(fresh)
        self._tokens = fresh
        return fresh

    def _kept(self) -> Tokens:
        kept = self.file.read()
        if kept is None or kept.api_url != self._connection.api_url:
            raise Failure("Sign in first: payoutctl login.", Exit.NOT_ALLOWED)
        return kept

    def _local(self) -> Tokens:
        user = self._connection.users.get(self._as_group)
        if user is None:
            known = ", ".join(self._connection.users)
            raise Failure(f"The local stack has the groups {known}.", Exit.USAGE)
        cognito = self._adapters.cognito(self._connection)
        return sign_in.signed_in(
            cognito, self._connection, user.email, user.password, ask, self._adapters.now
        )


def ask(words: str) -> str:
    """Something that is not shown while it is typed."""
    return str(click.prompt(words, hide_input=True, err=True))
