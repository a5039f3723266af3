"""`make infra STAGE=dev`, `chalice deploy --stage dev`, `payoutctl finish`: the developers' way.

The real Chalice deploys into the emulated AWS beside what the other tests use. Of the API itself
nothing can be seen: the emulator makes one of `ImportRestApi`, and leaves its body out. So the
API's function is called through Lambda, with what API Gateway would hand to it. What is asked of it
needs its environment, its role, its tables, the key and Monoova's credentials, all of the stage.
"""

import base64
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from proof.lambda_events import HttpAnswer, http_event, load_app
from tests.end_to_end.deployed import PAY_ID
from tools.devstack.aws import REGION, create_user, sign_in
from tools.devstack.grants import as_emulated
from tools.devstack.processes import bare_environment
from tools.devstack.stack import ROOT, Stack

# Deploys all of it a second time, for a minute: by `make prove-deploy`, and in CI.
pytestmark = pytest.mark.prove_deploy

STAGE: Final = "dev"
NAME: Final = f"monoova-payouts-{STAGE}"
PROJECT: Final = (
    "app.py",
    "chalicelib",
    "console",
    ".chalice",
    "requirements.txt",
    "infra",
    "tools",
    "payoutctl",
)
FUNCTIONS: Final = {
    "api_handler": NAME,
    "send_queued_payouts": f"{NAME}-send_queued_payouts",
    "take_up_webhook_events": f"{NAME}-take_up_webhook_events",
    "reconcile": f"{NAME}-reconcile",
    "reconcile_daily": f"{NAME}-reconcile_daily",
}
INFRA: Final = (sys.executable, "-m", "tools.deploy", "infra", "--stage", STAGE, "--yes")
PAYOUTCTL: Final = (sys.executable, "-m", "payoutctl")
READERS: Final = ("send_queued_payouts", "take_up_webhook_events")


@dataclass
class Developer:
    """A developer with a clone of the project in `clone`, and with the account's credentials."""

    stack: Stack
    clone: Path
    said: dict[str, str] = field(default_factory=dict)

    def runs(self, what: str, *words: str) -> None:
        """A program in the clone, to its good end; what it said is kept under `what`."""
        done = self.tries(*words)
        assert done.returncode == 0, f"{what}: {done.stdout}{done.stderr}"
        self.said[what] = done.stdout

    def tries(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A program in the clone, to whatever end."""
        credentials = self.stack.emulator.credentials
        return subprocess.run(  # noqa: S603 - our own programs
            words,
            cwd=self.clone,
            env=bare_environment()
            | {
                "AWS_ENDPOINT_URL": self.stack.emulator.url,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ACCESS_KEY_ID": credentials.access_key_id,
                "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
                "MONOOVA_API_KEY": self.stack.monoova.api_key,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def config(self) -> dict[str, Any]:
        """The clone's .chalice/config.json as it is now."""
        found: dict[str, Any] = json.loads((self.clone / ".chalice/config.json").read_text())
        return found

    def function(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.stack.client("lambda").get_function_configuration(
            FunctionName=FUNCTIONS[name]
        )
        return found

    def token(self) -> str:
        """An operator's, of the stage's own user pool."""
        settings = self.config["stages"][STAGE]["environment_variables"]
        pool_id, client_id = settings["COGNITO_USER_POOL_ID"], settings["COGNITO_CLIENT_ID"]
        person = create_user(self.stack.emulator, pool_id, "dev@example.com", ["operators"])
        return sign_in(self.stack.emulator, client_id, person)

    def asks(
        self, method: str, path: str, body: object = None, token: str | None = None
    ) -> HttpAnswer:
        """One request to the API's function, as API Gateway hands it on."""
        content = json.dumps(body).encode() if body is not None else b""
        claims = json.loads(base64.urlsafe_b64decode(f"{token.split('.')[1]}==")) if token else None
        context = {"authorizer": {"claims": claims}} if claims else {}
        headers = {"Authorization": token} if token else {}
        answer = self.stack.client("lambda").invoke(
            FunctionName=NAME,
            Payload=json.dumps(http_event(load_app(), method, path, content, headers, context)),
        )
        payload = answer["Payload"].read()
        assert "FunctionError" not in answer, payload
        return HttpAnswer.of(json.loads(payload))


@pytest.fixture(scope="module")
def developer(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Developer]:
    """Has deployed the stage; when all has been looked at, it is taken away again."""
    developer = Developer(stack, cloned(stack, tmp_path_factory.mktemp("clone")))
    chalice = str(Path(sys.executable).with_name("chalice"))
    try:
        developer.runs("infra", *INFRA)
        developer.runs("deploy", chalice, "deploy", "--stage", STAGE)
        developer.runs("finish", *PAYOUTCTL, "finish", "--stage", STAGE)
        yield developer
    finally:
        developer.runs("delete", chalice, "delete", "--stage", STAGE)
        stack.client("cloudformation").delete_stack(StackName=f"{NAME}-infra")


def cloned(stack: Stack, clone: Path) -> Path:
    """The project, its stage filled in; for this machine's processor, where the functions run."""
    for name in PROJECT:
        if (ROOT / name).is_dir():
            made = ("__pycache__", "amazon_roots.pem", "console.js", "deployments")
            ignored = shutil.ignore_patterns(*made)
            shutil.copytree(ROOT / name, clone / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, clone / name)
    (clone / "build").mkdir()
    (clone / "build" / "dependencies").symlink_to(ROOT / "build" / "dependencies")
    config = json.loads((clone / ".chalice" / "config.json").read_text())
    config["stages"][STAGE]["lambda_architecture"] = "x86_64"
    # Without one Chalice takes the setting away, and the emulator answers with "" for its number.
    config["minimum_compression_size"] = 10_000_000
    (clone / ".chalice" / "config.json").write_text(json.dumps(config, indent=2))
    for file in (clone / ".chalice").glob("policy-*.json"):
        file.write_text(json.dumps(as_emulated(json.loads(file.read_text()))))
    fill_in(clone / "infra" / "stages" / f"{STAGE}.toml", stack)
    return clone


def fill_in(file: Path, stack: Stack) -> None:
    """The stage's values, as a developer writes them into its file."""
    account = stack.monoova.account
    values = {
        "MonoovaBaseUrl": stack.simulator_url,
        "MonoovaMaccountToken": account.maccount,
        "MonoovaSourceBsb": account.source_bsb,
        "MonoovaSourceAccount": account.source_account,
        "RemitterName": account.remitter_name,
        "DestinationApproval": "off",
    }
    text = file.read_text().replace("[infra]", '[infra]\nEmulated = "true"', 1)
    for name, value in values.items():
        text = re.sub(rf'(?m)^{name} = ".*?"', f'{name} = "{value}"', text)
    file.write_text(text)


def test_chalice_deploys_the_package_that_make_infra_built(developer: Developer) -> None:
    assert "Reusing existing deployment package." in developer.said["deploy"]
    digest = re.search(r"sha256 ([0-9a-f]{64})", developer.said["infra"])
    assert digest is not None
    for name in FUNCTIONS:
        deployed = base64.b64decode(developer.function(name)["CodeSha256"])
        assert deployed.hex() == digest[1], name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_has_its_size_and_the_stages_environment(
    developer: Developer, name: str
) -> None:
    found = developer.function(name)
    chosen = developer.config["stages"][STAGE]
    sizes = chosen["lambda_functions"][name]
    assert found["MemorySize"] == sizes["lambda_memory_size"]
    assert found["Timeout"] == sizes["lambda_timeout"]
    environment = found["Environment"]["Variables"]
    assert environment == chosen["environment_variables"]
    assert environment["STAGE"] == STAGE
    assert developer.stack.monoova.api_key not in json.dumps(environment)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_has_a_role_of_its_own_with_its_own_policy(
    developer: Developer, name: str
) -> None:
    iam = developer.stack.client("iam")
    role = developer.function(name)["Role"].rpartition("/")[2]
    assert role == f"{NAME}-{name}"
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    file = developer.config["stages"][STAGE]["lambda_functions"][name]["iam_policy_file"]
    written = json.loads((developer.clone / ".chalice" / file).read_text())
    assert document["Statement"] == written["Statement"]
    assert "${" not in json.dumps(document)


@pytest.mark.parametrize("name", READERS)
def test_after_finish_only_the_messages_that_failed_come_back(
    developer: Developer, name: str
) -> None:
    found = developer.stack.client("lambda").list_event_source_mappings(
        FunctionName=FUNCTIONS[name]
    )
    (mapping,) = found["EventSourceMappings"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert f"{FUNCTIONS[name]} reports each failed message." in developer.said["finish"]


def test_the_schedule_runs_every_minute(developer: Developer) -> None:
    arn = developer.function("reconcile")["FunctionArn"]
    events = developer.stack.client("events")
    (rule,) = events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]
    found = events.describe_rule(Name=rule)
    assert (found["State"], found["ScheduleExpression"]) == ("ENABLED", "rate(1 minute)")


def test_the_daily_schedule_runs_each_morning(developer: Developer) -> None:
    arn = developer.function("reconcile_daily")["FunctionArn"]
    events = developer.stack.client("events")
    rules = events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]
    found = [events.describe_rule(Name=rule) for rule in rules]
    assert {(rule["State"], rule["ScheduleExpression"]) for rule in found} == {
        ("ENABLED", "cron(30 20 * * ? *)"),
        ("ENABLED", "rate(15 minutes)"),
    }
    assert f"{NAME}-look-for-returns" in rules


def test_the_api_answers_under_its_own_role(developer: Developer) -> None:
    assert developer.asks("GET", "/health").status == 200
    assert developer.asks("GET", "/customers").status == 401, "without an authorizer's word"
    operator = developer.token()
    body = {"name": "Jo Citizen", "destination": dict(PAY_ID)}
    registered = developer.asks("POST", "/customers", body, operator)
    assert registered.status == 201, registered.text
    path = f"/customers/{registered.json['customer_id']}"
    shown = developer.asks("GET", path, None, operator)
    assert (shown.status, shown.json["name"]) == (200, "Jo Citizen")
    account = developer.asks("GET", "/account", None, operator)
    assert account.status == 200, "Monoova's credentials are those of the stage"


def test_a_stage_of_another_account_is_refused_before_anything_is_done(
    developer: Developer,
) -> None:
    events = developer.stack.client("cloudformation").describe_stack_events
    before = events(StackName=f"{NAME}-infra")["StackEvents"]
    file = developer.clone / "infra" / "stages" / f"{STAGE}.toml"
    own = file.read_text()
    try:
        file.write_text(own.replace('account = ""', f'account = "{"1" * 12}"'))
        configure = (*PAYOUTCTL, "configure", "--stage", STAGE)
        for words in (INFRA, configure):
            done = developer.tries(*words)
            assert done.returncode == 1
            assert f"The stage {STAGE} belongs into account {'1' * 12}" in done.stderr
    finally:
        file.write_text(own)
    assert events(StackName=f"{NAME}-infra")["StackEvents"] == before


def test_configuring_again_changes_nothing(developer: Developer) -> None:
    before = developer.config
    developer.runs("configure", *PAYOUTCTL, "configure", "--stage", STAGE)
    assert developer.config == before
    assert f".chalice/config.json has the stage {STAGE}." in developer.said["configure"]
