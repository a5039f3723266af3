"""payoutctl: what an operator does outside the API. It touches AWS directly, with the operator's
own credentials, and says so.

    python -m ops.payoutctl pause --reason "wrong file uploaded"

Exit codes: 0 done, 1 refused or not found, 2 wrong words on the command line.
"""

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Final

import boto3
import click

from chalicelib.clock import SystemClock
from chalicelib.domain.gate import Gate
from chalicelib.services.gatekeeper import Gatekeeper
from chalicelib.storage.controls import Controls
from deploy import __main__ as deploying
from deploy.errors import DeployError

_MOST_LISTED: Final = 100
_ONE_RECEIVE: Final = 10
_HIDDEN_SECONDS: Final = 30

_table = click.option(
    "--table", envvar="DYNAMODB_TABLE_CONTROLS", required=True, help="The controls table."
)
_stage = click.option("--stage", required=True, help="Of infra/stages/<stage>.toml.")
_parked = click.option(
    "--parked-url", envvar="PARKED_QUEUE_URL", required=True, help="The queue of parked messages."
)


@click.group(help=__doc__)
def payoutctl() -> None: ...


def _gatekeeper(table: str) -> Gatekeeper:
    return Gatekeeper(Controls(boto3.client("dynamodb"), table), SystemClock(), lambda: None)


def _show(gate: Gate) -> None:
    shown = {name: value for name, value in asdict(gate).items() if value is not None}
    click.echo(
        json.dumps(
            shown | {"is_open": gate.is_open, "is_paused": gate.is_paused}, default=str, indent=2
        )
    )


@payoutctl.command(help="Stop all sending. Payouts are accepted and wait in the queue.")
@_table
@click.option("--reason", required=True, help="Stands in the record; no payee details.")
@click.option("--by", default=getpass.getuser, help="Who does it; your login name by default.")
def pause(table: str, reason: str, by: str) -> None:
    _show(_gatekeeper(table).pause(by, reason))


@payoutctl.command(help="Let payouts be sent again.")
@_table
def resume(table: str) -> None:
    _show(_gatekeeper(table).resume())


@payoutctl.group(help="The circuit breaker in front of Monoova.")
def breaker() -> None: ...


@breaker.command("show", help="Whether it is open, why, and when it is tried next.")
@_table
def show_breaker(table: str) -> None:
    _show(_gatekeeper(table).look())


@breaker.command("reset", help="Close it now, without waiting for the probe.")
@_table
def reset_breaker(table: str) -> None:
    _show(_gatekeeper(table).reset())


@payoutctl.group(help="Messages that failed five times and rest.")
def parked() -> None: ...


@parked.command("list", help="The parked messages: ids, codes and amounts, no payee details.")
@_parked
def list_parked(parked_url: str) -> None:
    for message in _messages(boto3.client("sqs"), parked_url):
        click.echo(json.dumps({"id": message["MessageId"], "body": _body(message)}))


@parked.command("put-back", help="Put one back on the queue it came from, to be tried again.")
@_parked
@click.argument("message_id")
@click.option("--webhook-url", envvar="DLQ_URL", required=True)
@click.option("--payout-url", envvar="PAYOUT_QUEUE_URL", required=True)
def put_back(parked_url: str, message_id: str, webhook_url: str, payout_url: str) -> None:
    sqs = boto3.client("sqs")
    for message in _messages(sqs, parked_url):
        if message["MessageId"] != message_id:
            continue
        body = _body(message)
        is_payout = isinstance(body, dict) and "transaction_id" in body
        # Sent before it is deleted: dying in between doubles it, which is harmless; the other
        # way round would lose it.
        sqs.send_message(
            QueueUrl=payout_url if is_payout else webhook_url, MessageBody=message["Body"]
        )
        sqs.delete_message(QueueUrl=parked_url, ReceiptHandle=message["ReceiptHandle"])
        click.echo("Put back.")
        return
    raise click.ClickException("No such message is parked (or somebody else looks at it now).")


@payoutctl.command(help="Write a stage's values into .chalice/config.json, for `chalice deploy`.")
@_stage
def configure(stage: str) -> None:
    with _refusals():
        deploying.configured(stage)
    click.echo(f".chalice/config.json knows the stage {stage}.")


@payoutctl.command(help="Say what `chalice deploy` cannot: only a message that failed comes back.")
@_stage
def finish(stage: str) -> None:
    with _refusals():
        for function in deploying.finished(stage):
            click.echo(f"{function} answers for each message by itself.")


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except DeployError as error:
        raise click.ClickException(str(error)) from None


def _body(message: Any) -> object:
    """The message's JSON, or its text: what is parked may be just what nobody could read."""
    try:
        return json.loads(message["Body"])
    except ValueError:
        return message["Body"]


def _messages(sqs: Any, url: str) -> Iterator[Any]:
    """Up to 100 messages, each once; they stay where they are and are hidden for half a minute."""
    seen: set[str] = set()
    while len(seen) < _MOST_LISTED:
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=_ONE_RECEIVE, VisibilityTimeout=_HIDDEN_SECONDS
        )
        fresh = [m for m in answer.get("Messages", []) if m["MessageId"] not in seen]
        if not fresh:
            return
        seen.update(message["MessageId"] for message in fresh)
        yield from fresh


if __name__ == "__main__":
    payoutctl()
