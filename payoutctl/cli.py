"""The map of payoutctl: every command, and the words that go before one."""

import click

from payoutctl import (
    account,
    batch_results,
    batches,
    customers,
    dead_letters,
    deploying,
    doctor,
    explaining,
    key,
    login,
    parked,
    paying,
    payouts,
    profiles,
    reconciling,
    reports,
    sending,
    smoke,
    webhooks,
)
from payoutctl.exits import table
from payoutctl.session import Doors, Session
from payoutctl.words import Group

_HELP = """Monoova Payouts from a terminal, for the people who run it.

It asks the API of a deployment, as whoever is signed in: PAYOUTS_API_URL or --profile says which
one, `payoutctl login` or PAYOUTS_TOKEN as whom, --local is the stack of `make run`. A command that
asks AWS or Monoova directly says so on stderr. docs/payoutctl.md has every command.
"""


@click.group(
    cls=Group,
    help=_HELP,
    epilog=f"\b\nExit codes:\n{table()}",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--profile", envvar="PAYOUTS_PROFILE", help="Of ~/.config/payoutctl/<name>.toml.")
@click.option("--local", "is_local", is_flag=True, help="The stack of `make run`.")
@click.option(
    "--as",
    "as_group",
    default="operators",
    show_default=True,
    help="With --local: as a user of which group.",
)
@click.option("--json", "is_json", is_flag=True, help="The same as --json after the command.")
@click.pass_context
def payoutctl(
    context: click.Context, profile: str | None, is_local: bool, as_group: str, is_json: bool
) -> None:
    doors = context.obj if isinstance(context.obj, Doors) else Doors()
    context.obj = Session(doors=doors, profile=profile, is_local=is_local, as_group=as_group)
    context.obj.out.is_json = is_json


for command in (
    login.login,
    login.logout,
    login.whoami,
    customers.customer,
    paying.pay,
    payouts.payouts,
    batches.batch,
    reconciling.reconcile,
    reconciling.refresh,
    dead_letters.dlq,
    sending.breaker,
    sending.pause,
    sending.resume,
    account.account,
    webhooks.webhooks,
    key.key,
    smoke.smoke_test,
    reports.report,
    reports.stats,
    doctor.doctor,
    profiles.profile,
    deploying.configure,
    deploying.finish,
    parked.parked,
):
    payoutctl.add_command(command)
payouts.payouts.add_command(explaining.explain)
for command in (batch_results.status, batch_results.rows, batch_results.result):
    batches.batch.add_command(command)
