"""`login`, `logout`, `whoami`."""

import sys
from dataclasses import replace

import click

from payoutctl import sign_in
from payoutctl.account import say_environment
from payoutctl.commands import Command
from payoutctl.credentials import ask
from payoutctl.exits import Exit, Failure
from payoutctl.session import Session, with_session


@click.command(cls=Command, help="Sign in with the user pool, for a working day.")
@click.option("--username", help="Your e-mail address; you are asked if no profile names it.")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")
@with_session
def login(session: Session, username: str | None, password_stdin: bool) -> None:
    connection = session.connection
    if not (connection.user_pool_id and connection.user_pool_client_id):
        raise Failure(
            "No user pool is set: payoutctl profile writes a profile with a stage's API and pool.",
            Exit.USAGE,
        )
    name = username or connection.username or str(click.prompt("Username", err=True))
    password = sys.stdin.readline().rstrip("\n") if password_stdin else ask("Password")
    tokens = sign_in.signed_in(
        session.adapters.cognito(connection), connection, name, password, ask, session.adapters.now
    )
    session.credentials.file.write(tokens)
    session.out.say(
        f"Signed in; stored in {session.credentials.file.path}, which only you can read."
    )
    if session.credentials.given:
        session.out.say("PAYOUTS_TOKEN is set: it is used instead.")
    if session.out.is_json:
        session.out.document({"api_url": connection.api_url, "expires_at": tokens.expires_at})


@click.command(cls=Command, help="Sign out: delete the tokens and revoke them.")
@with_session
def logout(session: Session) -> None:
    tokens = session.credentials.file.read()
    session.credentials.file.remove()
    if tokens is not None:
        connection = replace(session.connection, region=tokens.region)
        sign_in.revoke(session.adapters.cognito(connection), tokens)
    session.out.say("Signed out.")
    if session.out.is_json:
        session.out.document({"was_signed_in": tokens is not None})


@click.command(cls=Command, help="Your user and your roles, as the API knows them.")
@with_session
def whoami(session: Session) -> None:
    me = session.api.get("/me")
    say_environment(session, me["environment"])
    if session.out.is_json:
        session.out.document(me)
        return
    session.out.pairs({"name": me["name"], "roles": ", ".join(me["roles"])})
