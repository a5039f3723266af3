"""The steps from nothing to a running stage, each shown before it is taken.

Three stacks: the infrastructure (infra/template.yaml), the app (Chalice's template with
infra/app.yaml laid over it) and what watches over both (infra/watch.yaml).
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.deploy import template
from tools.deploy.errors import DeployError
from tools.deploy.package import Package
from tools.deploy.stacks import KEEP, Parameters, Plan, Stacks
from tools.deploy.stage import Stage

# CloudFormation takes larger templates only from a bucket.
_MOST_INLINE_BYTES: Final = 51_200
# Parameters whose values cannot be read back: asked for once, then kept.
_SECRETS: Final = ("MonoovaApiKey", "MonoovaWebhookSecret")

Ask = Callable[[Plan], bool]


class DeclinedError(DeployError):
    """The change was declined. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Clients:
    """boto3 clients of the account and region that is deployed into."""

    cloudformation: Any
    s3: Any
    sts: Any


@dataclass(frozen=True, slots=True)
class Deployment:
    """One stage of the project in `project`.

    `ask` is shown every change before it is made; `say` is told what is being done; `endpoint` is
    the address of an emulated AWS, whose buckets are below it.
    """

    project: Path
    stage: Stage
    clients: Clients
    stacks: Stacks
    ask: Ask
    say: Callable[[str], None]
    endpoint: str = ""

    def check_account(self) -> str:
        """The account that would be deployed into.

        Raises:
            DeployError: the stage belongs into another one.
        """
        account = str(self.clients.sts.get_caller_identity()["Account"])
        if self.stage.account and account != self.stage.account:
            raise DeployError(
                f"The stage {self.stage.name} belongs into account {self.stage.account}; "
                f"these credentials are of {account}."
            )
        return account

    def infrastructure(self, secret_of: Callable[[str], str]) -> dict[str, str]:
        """Bring the infrastructure up to date; its outputs.

        `secret_of` gives the secret of a name, and is asked only when the stage is made.

        Raises:
            DeclinedError, DeployError
        """
        name, text = self.stage.infra_stack, self._text("template.yaml")
        parameters: dict[str, str | None] = {**self.stage.infra, "Stage": self.stage.name}
        is_new = not self.stacks.exists(name)
        parameters |= {each: secret_of(each) if is_new else KEEP for each in _SECRETS}
        return self._brought_up(name, {"TemplateBody": text}, parameters)

    def app(self, package: Package, outputs: Mapping[str, str]) -> dict[str, str]:
        """Upload the package and bring the functions and the API up to date; the outputs.

        Raises:
            DeclinedError, DeployError
        """
        bucket, key = outputs["ArtifactsBucketName"], f"{package.digest}.zip"
        self.say(f"Uploading the package, {package.bytes_packed / 1e6:.1f} MB, as {key}")
        self.clients.s3.put_object(Bucket=bucket, Key=key, Body=package.code.read_bytes())
        values = {**outputs, **self.stage.app, "Stage": self.stage.name}
        parameters = template.given(package.template, values)
        written = template.with_values_in_api(package.template, parameters)
        text = template.with_code_at(written, f"s3://{bucket}/{key}")
        source = self._source(bucket, "app.yaml", text)
        return self._brought_up(self.stage.app_stack, source, parameters)

    def watch(self, outputs: Mapping[str, str]) -> dict[str, str]:
        """Bring the alarms, the dashboard and the budgets up to date; the outputs.

        Raises:
            DeclinedError, DeployError
        """
        text = self._text("watch.yaml")
        parameters: Parameters = {**self.stage.watch, "Stage": self.stage.name}
        source = self._source(outputs["ArtifactsBucketName"], "watch.yaml", text)
        return self._brought_up(self.stage.watch_stack, source, parameters)

    def settings(self, outputs: Mapping[str, str]) -> dict[str, str]:
        """All that `.chalice/` has placeholders for: outputs, the stage's values, defaults."""
        defaults = template.defaults_of(self._text("app.yaml"))
        return {**defaults, **outputs, **self.stage.app, "Stage": self.stage.name}

    def _brought_up(
        self, stack: str, source: Mapping[str, str], parameters: Parameters
    ) -> dict[str, str]:
        self.say(f"Asking CloudFormation what would change in {stack}")
        plan = self.stacks.plan(stack, source, parameters)
        if plan is None:
            self.say(f"{stack} is up to date")
            return self.stacks.outputs(stack)
        if not self.ask(plan):
            self.stacks.discard(plan)
            raise DeclinedError(f"Nothing was changed in {stack}.")
        self.say(f"Bringing {stack} up to date")
        return self.stacks.execute(plan)

    def _source(self, bucket: str, name: str, text: str) -> dict[str, str]:
        if len(text.encode()) <= _MOST_INLINE_BYTES:
            return {"TemplateBody": text}
        self.clients.s3.put_object(Bucket=bucket, Key=name, Body=text.encode())
        if self.endpoint:
            return {"TemplateURL": f"{self.endpoint}/{bucket}/{name}"}
        return {"TemplateURL": f"https://{bucket}.s3.{self.stage.region}.amazonaws.com/{name}"}

    def _text(self, name: str) -> str:
        return (self.project / "infra" / name).read_text(encoding="utf-8")


def new_webhook_secret() -> str:
    """A value for Monoova to send as `Authorization`: 256 bits."""
    return secrets.token_urlsafe(32)
