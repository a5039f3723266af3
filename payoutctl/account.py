"""`account`: the balance of the mAccount, and incoming funds."""

import click

from payoutctl.commands import Command
from payoutctl.pages import say_unreadable
from payoutctl.session import Session, with_session


def say_environment(session: Session, environment: str) -> None:
    """A warning on stderr where nothing is real."""
    if environment != "live":
        session.out.say("Sandbox: no money moves.")


@click.command(cls=Command, help="The balance, the available balance, and incoming funds.")
@with_session
def account(session: Session) -> None:
    balance = session.api.get("/account")
    funding = session.api.get("/funding")
    if session.out.is_json:
        session.out.document({"account": balance, "funding": funding})
        return
    say_environment(session, balance["environment"])
    session.out.pairs(balance)
    if funding["items"]:
        session.out.text("")
        columns = ("at", "kind", "amount", "monoova_transaction_id")
        session.out.rows(columns, [[row.get(name) for name in columns] for row in funding["items"]])
    say_unreadable(session.out, funding)
