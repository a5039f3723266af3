"""`.chalice/config.json` for `chalice deploy`, which knows no parameters: a stage's values in it.

What `make deploy` leaves to CloudFormation is put in by us here: into the stage's environment, and
into a copy of each policy under `.chalice/<stage>/`. No value is a secret: the API key and the
webhook secret are in Secrets Manager, and only their address is here.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tools.deploy.errors import DeployError
from tools.deploy.template import resource_policy

_RESOURCE_POLICY: Final = "resource-policy.json"
_PLACEHOLDER: Final = re.compile(r"\$\{([A-Za-z]+)\}")
# `app.py` reads these when it is imported, for its decorators.
READ_BY_DECORATORS: Final = {
    "COGNITO_USER_POOL_ARN": "${UserPoolArn}",
    "PAYOUT_QUEUE_ARN": "${PayoutQueueArn}",
    "WEBHOOK_QUEUE_ARN": "${WebhookQueueArn}",
}


def configure(project: Path, stage: str, values: Mapping[str, str]) -> None:
    """Write `values` into the stage; what it had of an earlier time is replaced.

    Raises:
        DeployError: there is no such stage, or names without a value, all of them.
    """
    chalice = project / ".chalice"
    file = chalice / "config.json"
    config = neutral(json.loads(file.read_text(encoding="utf-8")))
    if stage not in config["stages"]:
        raise DeployError(f".chalice/config.json has no stage {stage!r}.")
    wanted = json.dumps(config["environment_variables"] | READ_BY_DECORATORS)
    chosen = config["stages"][stage]
    chosen["environment_variables"] = json.loads(render(wanted, values))
    (chalice / stage).mkdir(exist_ok=True)
    for function in chosen["lambda_functions"].values():
        name = function["iam_policy_file"]
        rendered = render((chalice / name).read_text(encoding="utf-8"), values)
        (chalice / stage / name).write_text(rendered, encoding="utf-8")
        function["iam_policy_file"] = f"{stage}/{name}"
    policy = resource_policy((project / "infra" / "app.yaml").read_text(encoding="utf-8"), values)
    written = json.dumps(policy, indent=2) + "\n"
    (chalice / stage / _RESOURCE_POLICY).write_text(written, encoding="utf-8")
    chosen["api_gateway_policy_file"] = f"{stage}/{_RESOURCE_POLICY}"
    file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def neutral(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration without what `configure` wrote into it."""
    shared = {*config["environment_variables"], *READ_BY_DECORATORS}
    plain: dict[str, Any] = json.loads(json.dumps(config))
    for stage in plain["stages"].values():
        own = stage.pop("environment_variables", {})
        kept = {name: value for name, value in own.items() if name not in shared}
        if kept:
            stage["environment_variables"] = kept
        stage.pop("api_gateway_policy_file", None)
        for function in stage["lambda_functions"].values():
            function["iam_policy_file"] = Path(function["iam_policy_file"]).name
    return plain


def render(text: str, values: Mapping[str, str]) -> str:
    """`text` with each `${Name}` replaced by its value, written as the inside of a JSON string.

    Raises:
        DeployError: names without a value, all of them.
    """
    missing = sorted({name for name in _PLACEHOLDER.findall(text) if name not in values})
    if missing:
        raise DeployError(f"No value for {', '.join(missing)}.")
    return _PLACEHOLDER.sub(lambda match: json.dumps(values[match[1]])[1:-1], text)
