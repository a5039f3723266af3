"""payoutctl: every command, and the options that go before one."""

import click

from payoutctl import (
    account,
    adopt,
    batch_results,
    batches,
    contract,
    customers,
    dead_letters,
    deployment,
    doctor,
    explanation,
    gate,
    key,
    login,
    pay,
    payouts,
    profiles,
    reconciliation,
    reports,
    smoke,
    users,
    webhooks,
)
from payoutctl.adapters import Adapters
from payoutctl.commands import Group
from payoutctl.exits import table
from payoutctl.session import Session

_HELP = """Monoova Payouts from a terminal, for the people who run it.

It calls the API of a deployment under your sign-in: PAYOUTS_API_URL or --profile names the
deployment, `payoutctl login` or PAYOUTS_TOKEN the user, and --local the stack of `make run`. A
command that calls AWS or Monoova directly says so on stderr. docs/payoutctl.md has every command.
"""


@click.group(
    cls=Group,
    help=_HELP,
    epilog=f"\b\nExit codes:\n{table()}",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--profile", envvar="PAYOUTS_PROFILE", help="The name of ~/.config/payoutctl/<name>.toml."
)
@click.option("--local", "is_local", is_flag=True, help="The stack of `make run`.")
@click.option(
    "--as",
    "as_group",
    default="operators",
    show_default=True,
    help="With --local: the group of the user to act as.",
)
@click.option("--json", "is_json", is_flag=True, help="As --json after the command.")
@click.version_option(package_name="monoova-payouts", prog_name="payoutctl")
@click.pass_context
def payoutctl(
    context: click.Context, profile: str | None, is_local: bool, as_group: str, is_json: bool
) -> None:
    adapters = context.obj if isinstance(context.obj, Adapters) else Adapters()
    context.obj = Session(adapters=adapters, profile=profile, is_local=is_local, as_group=as_group)
    context.obj.out.is_json = is_json


for command in (
    login.login,
    login.logout,
    login.whoami,
    customers.customer,
    pay.pay,
    payouts.payouts,
    batches.batch,
    reconciliation.reconcile,
    reconciliation.refresh,
    dead_letters.dlq,
    adopt.adopt,
    gate.breaker,
    gate.pause,
    gate.resume,
    users.users,
    contract.contract,
    account.account,
    webhooks.webhooks,
    key.key,
    smoke.smoke_test,
    reports.report,
    reports.stats,
    doctor.doctor,
    profiles.profile,
    deployment.configure,
    deployment.finish,
):
    payoutctl.add_command(command)
payouts.payouts.add_command(explanation.explain)
for command in (batch_results.status, batch_results.rows, batch_results.result):
    batches.batch.add_command(command)
