"""`configure` and `finish`: what `chalice deploy` needs before and after. Both ask AWS directly."""

import contextlib
import sys

import click

from payoutctl.commands import Command
from payoutctl.exits import Exit, Failure
from payoutctl.session import Session, with_session

_stage = click.option("--stage", required=True, help="The name of infra/stages/<stage>.toml.")


@click.command(
    cls=Command, help="Write a stage's values into .chalice/config.json, for `chalice deploy`."
)
@_stage
@with_session
def configure(session: Session, stage: str) -> None:
    from tools.deploy import __main__ as deploy
    from tools.deploy.errors import DeployError

    try:
        with contextlib.redirect_stdout(sys.stderr):
            deploy.configured(stage)
    except DeployError as error:
        raise Failure(str(error), Exit.REFUSED) from None
    if session.out.is_json:
        session.out.document({"stage": stage, "file": ".chalice/config.json"})
        return
    session.out.text(f".chalice/config.json has the stage {stage}.")


@click.command(
    cls=Command,
    help="Set what `chalice deploy` cannot: only failed messages are retried, returns looked for.",
)
@_stage
@with_session
def finish(session: Session, stage: str) -> None:
    from tools.deploy import __main__ as deploy
    from tools.deploy.errors import DeployError

    try:
        functions = deploy.finished(stage)
    except DeployError as error:
        raise Failure(str(error), Exit.REFUSED) from None
    if session.out.is_json:
        session.out.document({"functions": list(functions)})
        return
    for function in functions:
        session.out.text(f"{function} reports each failed message.")
    session.out.text("Returns are looked for each quarter of an hour.")
