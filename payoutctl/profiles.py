"""`profile`: writes a stage's API and user pool, from the outputs of its stacks."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from payoutctl.commands import Command
from payoutctl.connection import profile_file
from payoutctl.exits import Exit, Failure
from payoutctl.files import replace_with
from payoutctl.session import Session, with_session

_PROJECT: Final = Path(__file__).resolve().parents[1]


@click.command(
    cls=Command,
    help="Write ~/.config/payoutctl/<stage>.toml from the outputs of the stage's stacks.",
)
@click.option("--stage", required=True, help="The name of infra/stages/<stage>.toml.")
@click.option("--api-url", help="If no stack has it: after `chalice deploy`, or Terraform.")
@click.option("--username", default="", help="Your user name; else `login` asks.")
@click.option("--replace", "replaces", is_flag=True, help="Overwrite an existing profile.")
@with_session
def profile(
    session: Session, stage: str, api_url: str | None, username: str, replaces: bool
) -> None:
    from tools.deploy import stage as stages
    from tools.deploy.errors import DeployError

    try:
        chosen = stages.read(_PROJECT, stage)
    except DeployError as error:
        raise Failure(str(error), Exit.REFUSED) from None
    session.connection = replace(session.connection, region=chosen.region)
    infra = _outputs(session, chosen.infra_stack)
    url = api_url or _outputs(session, chosen.app_stack).get("EndpointURL", "")
    found = {
        "api_url": url.rstrip("/"),
        "stage": stage,
        "region": chosen.region,
        "user_pool_id": infra.get("UserPoolId", ""),
        "user_pool_client_id": infra.get("UserPoolClientId", ""),
        "username": username,
    }
    missing = [name for name, value in found.items() if not value and name != "username"]
    if missing:
        raise Failure(f"No stack has the output {', '.join(missing)}.", Exit.NOT_FOUND)
    file = profile_file(session.environment, stage)
    if file.exists() and not replaces:
        raise Failure(f"{file} already exists: use --replace, or edit it.", Exit.CONFLICT)
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in found.items() if value]
    replace_with(file, "".join(lines))
    session.out.say(f"Written to {file}. Now: payoutctl --profile {stage} login")
    if session.out.is_json:
        session.out.document(found)


def _outputs(session: Session, stack: str) -> dict[str, str]:
    """What a stack says of itself; nothing if there is no such stack."""
    from botocore.exceptions import ClientError

    try:
        found: Any = session.client("cloudformation").describe_stacks(StackName=stack)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return {}
        code = error.response["Error"]["Code"]
        raise Failure(f"AWS says {code}.", Exit.NOT_ALLOWED) from None
    return {
        each["OutputKey"]: each["OutputValue"] for each in found["Stacks"][0].get("Outputs", [])
    }
