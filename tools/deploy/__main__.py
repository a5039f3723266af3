"""Takes the product to AWS. Every change is shown first, and made after a yes.

\b
    python -m tools.deploy package --stage prod
    python -m tools.deploy infra --stage dev      then: chalice deploy --stage dev
    python -m tools.deploy all --stage prod

Exit codes: 0 done, 1 refused or declined, 2 wrong words on the command line.
"""

import os
import sys
from pathlib import Path
from typing import Any, Final

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from tools.deploy import configure, dependencies, finish, package, reuse, stage, template
from tools.deploy.deployment import Clients, Deployment, new_webhook_secret
from tools.deploy.errors import DeployError
from tools.deploy.stacks import Plan, Stacks
from tools.deploy.wheels import Architecture

ROOT: Final = Path(__file__).resolve().parent.parent.parent
_CACHE: Final = ROOT / "build" / "dependencies"
_RUNTIME: Final = (3, 12)

_stage = click.option("--stage", "name", required=True, help="Of infra/stages/<stage>.toml.")
_yes = click.option("--yes", is_flag=True, help="Do not ask: for a pipeline that has asked before.")


@click.group(help=__doc__)
def cli() -> None: ...


@cli.command("package", help="Build the package of a stage, for both ways of deploying.")
@_stage
def build_package(name: str) -> None:
    _built(name)


@cli.command("dependencies", help="Fetch what the functions are packaged with, ahead of a package.")
def fetch_dependencies() -> None:
    for architecture in Architecture:
        click.echo(f"Preparing the functions' dependencies for {architecture} …")
        dependencies.ready(ROOT / "requirements.txt", architecture, _CACHE)


@cli.command(help="Bring the infrastructure up to date, and configure Chalice for it.")
@_stage
@_yes
def infra(name: str, yes: bool) -> None:
    deployment = _deployment(name, yes)
    outputs = deployment.infrastructure(_secret)
    configure.configure(ROOT, name, deployment.settings(outputs))
    _built(name)
    click.echo(
        f"\n.chalice/config.json knows the stage {name}. Now: chalice deploy --stage {name}, "
        f"and after it: .venv/bin/payoutctl finish --stage {name}"
    )


@cli.command("all", help="Infrastructure, app, alarms: a whole stage by CloudFormation.")
@_stage
@_yes
def deploy_all(name: str, yes: bool) -> None:
    deployment = _deployment(name, yes)
    built = _built(name)
    outputs = deployment.infrastructure(_secret)
    app = deployment.app(built, outputs)
    deployment.watch(outputs)
    click.echo(f"\nThe API is at {app['EndpointURL']}")
    click.echo(
        "Monoova's webhooks go to …/webhooks/monoova/{event name}: docs/deployment.md, step 5."
    )


def configured(name: str) -> None:
    """Write a deployed stage's values into .chalice/config.json; see `payoutctl configure`.

    Raises:
        DeployError
    """
    deployment = _deployment(name, yes=False)
    outputs = deployment.stacks.outputs(deployment.stage.infra_stack)
    if not outputs:
        raise DeployError(f"There is no stack {deployment.stage.infra_stack}: make infra first.")
    configure.configure(ROOT, name, deployment.settings(outputs))


def finished(name: str) -> list[str]:
    """Say what `chalice deploy` cannot; see `payoutctl finish`.

    Raises:
        DeployError
    """
    chosen = stage.read(ROOT, name)
    functions = boto3.client("lambda", region_name=chosen.region)
    events = boto3.client("events", region_name=chosen.region)
    return finish.finish(functions, events, chosen)


def _built(name: str) -> package.Package:
    if sys.version_info[:2] != _RUNTIME:
        raise DeployError("Lambda runs Python 3.12: build with it, or its bytecode is of no use.")
    destination = ROOT / "build" / "package" / name
    built = package.build(ROOT, destination, stage=name, cache=_CACHE)
    text = template.with_code_at(built.template, template.CODE)
    (destination / "template.yaml").write_text(text, encoding="utf-8")
    reuse.lay_ready(ROOT, built, stage=name)
    click.echo(
        f"Package of {name}: {built.bytes_packed / 1e6:.1f} MB of at most "
        f"{package.MOST_BYTES / 1e6:.1f}, {built.bytes_unpacked / 1e6:.1f} MB unpacked, "
        f"sha256 {built.digest}"
    )
    return built


def _deployment(name: str, yes: bool) -> Deployment:
    chosen = stage.read(ROOT, name)
    stage.require_filled_in(ROOT, chosen)
    stage.require_fitting_environment(ROOT, chosen)
    stage.require_nothing_left_off(ROOT, chosen)
    try:
        deployment = _in_account(chosen, yes)
        account = deployment.check_account()
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"AWS does not take these credentials, or found none: {error}\n"
            "Run first: aws sso login, or set AWS_PROFILE."
        ) from None
    click.echo(f"Stage {name}, account {account}, region {chosen.region}.")
    return deployment


def _in_account(chosen: stage.Stage, yes: bool) -> Deployment:
    session = boto3.Session(region_name=chosen.region)
    client: Any = session.client
    clients = Clients(client("cloudformation"), client("s3"), client("sts"))
    return Deployment(
        project=ROOT,
        stage=chosen,
        clients=clients,
        stacks=Stacks(clients.cloudformation),
        ask=_shown if yes else _asked,
        say=lambda words: click.echo(f"{words} …"),
        endpoint=os.environ.get("AWS_ENDPOINT_URL", ""),
    )


def _shown(plan: Plan) -> bool:
    click.echo(f"\n{'Creating' if plan.is_new else 'Changing'} {plan.stack}:")
    for value in plan.values:
        click.echo(str(value))
    for change in plan.changes:
        click.echo(str(change))
    return True


def _asked(plan: Plan) -> bool:
    _shown(plan)
    return click.confirm("\nDo this?", default=False)


def _secret(parameter: str) -> str:
    """From the environment, or typed unseen; the webhook secret is generated if there is none."""
    name = {"MonoovaApiKey": "MONOOVA_API_KEY", "MonoovaWebhookSecret": "MONOOVA_WEBHOOK_SECRET"}
    given = os.environ.get(name[parameter], "")
    if not given and parameter == "MonoovaApiKey":
        given = click.prompt("Monoova's API key (not shown)", hide_input=True)
    return str(given or new_webhook_secret())


def main() -> None:
    try:
        cli()
    except DeployError as error:
        raise SystemExit(f"\n{error}") from None


if __name__ == "__main__":
    main()
