"""infra/terraform: passes the templates every parameter that they have, and no other.

The provider is not installed where tests run, so nothing here calls AWS: the module is read, and
compared with the templates.
"""

import shutil
import subprocess
from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.infra.conftest import TEMPLATE
from tests.infra.terraform import FOLDER, Module, read, snake_case
from tools.deploy.stage import Stage
from tools.deploy.template import CODE, with_code_at
from tools.docs.alarm_table import TEMPLATE as WATCH

Template = Mapping[str, Any]

# What the module asks for itself; every other variable is a parameter of a template.
OWN: Final = {"stage", "package_directory", "notification_arns", "tags"}
# A stage on AWS is not emulated, and does not say so.
NOT_PASSED: Final = {"Emulated"}
TYPES: Final = {"String": "string", "Number": "number"}
# CloudFormation takes a larger template only from a bucket.
MOST_INLINE_BYTES: Final = 51_200
# From the schema of hashicorp/aws 6.25.0. Left out on purpose are on_failure, disable_rollback and
# timeout_in_minutes: a change of one of them makes the stack anew.
ARGUMENTS: Final = {
    "aws_cloudformation_stack": {
        *("capabilities", "iam_role_arn", "name", "notification_arns", "parameters"),
        *("policy_body", "policy_url", "region", "tags", "template_body", "template_url"),
        "timeouts",
    },
    "aws_s3_object": {
        *("bucket", "cache_control", "checksum_algorithm", "content", "content_type", "key"),
        *("kms_key_id", "metadata", "region", "server_side_encryption", "source", "source_hash"),
        *("storage_class", "tags"),
    },
    "terraform_data": {"input", "triggers_replace"},
}
REQUIRED: Final = {
    "aws_cloudformation_stack": {"name"},
    "aws_s3_object": {"bucket", "key"},
    "terraform_data": set[str](),
}
OF_EVERY_RESOURCE: Final = {"depends_on", "lifecycle"}


@pytest.fixture(scope="module")
def module() -> Module:
    return read()


@pytest.fixture(scope="module")
def templates(infra: Template, app: Template, watch: Template) -> dict[str, Template]:
    """By the name that their stacks have in the module."""
    return {"infra": infra, "app": app, "watch": watch}


def parameters_of(templates: Mapping[str, Template]) -> dict[str, Mapping[str, Any]]:
    """Those that people decide, of all templates."""
    fed = templates["infra"]["Outputs"].keys()
    return {
        name: parameter
        for template in templates.values()
        for name, parameter in template["Parameters"].items()
        if name not in fed and name not in NOT_PASSED
    }


def given(module: Module, stack: str) -> dict[str, str]:
    """What a stack is given, by parameter, in the words of the module."""
    passed: dict[str, str] = module.named[f"{stack}_parameters"]
    return passed | (module.named["infra_secrets"] if stack == "infra" else {})


# --- parameters


@pytest.mark.parametrize("stack", ["infra", "app", "watch"])
def test_a_stack_is_given_each_parameter_of_its_template_and_no_other(
    module: Module, templates: dict[str, Template], stack: str
) -> None:
    fed = templates["infra"]["Outputs"].keys()
    assert given(module, stack) == {
        name: f'${{local.infra["{name}"]}}' if name in fed else f"${{var.{snake_case(name)}}}"
        for name in templates[stack]["Parameters"]
        if name not in NOT_PASSED
    }


def test_what_is_listed_is_what_the_stacks_take(module: Module) -> None:
    stacks = module.resources["aws_cloudformation_stack"]
    assert {name: each["parameters"] for name, each in stacks.items()} == {
        "infra": "${merge(local.infra_parameters, local.infra_secrets)}",
        "app": "${local.app_parameters}",
        "watch": "${local.watch_parameters}",
    }
    assert module.named["infra"] == "${terraform_data.infra_outputs.output}"
    kept = module.resources["terraform_data"]["infra_outputs"]
    assert kept["input"] == "${aws_cloudformation_stack.infra.outputs}"


def test_a_variable_has_the_type_and_the_default_of_its_parameter(
    module: Module, templates: dict[str, Template]
) -> None:
    asked = {snake_case(name): each for name, each in parameters_of(templates).items()}
    assert module.variables.keys() == asked.keys() | OWN
    for name in asked.keys() - OWN:
        variable = module.variables[name]
        assert variable["type"] == TYPES[asked[name]["Type"]], name
        assert variable.get("default") == asked[name].get("Default"), name
        assert ("default" in variable) == ("Default" in asked[name]), name


def test_each_variable_says_what_it_is(module: Module) -> None:
    assert [name for name, each in module.variables.items() if not each.get("description")] == []


def test_what_cloudformation_never_shows_terraform_does_not_either(
    module: Module, templates: dict[str, Template]
) -> None:
    hidden = {name for name, each in parameters_of(templates).items() if each.get("NoEcho")}
    assert (
        hidden == module.named["infra_secrets"].keys() == {"MonoovaApiKey", "MonoovaWebhookSecret"}
    )
    sensitive = {name for name, each in module.variables.items() if each.get("sensitive")}
    assert sensitive == {snake_case(name) for name in hidden}
    for name in sensitive:
        assert "default" not in module.variables[name]


# --- outputs


def test_each_output_of_the_stacks_is_passed_on(
    module: Module, infra: Template, app_template: Template, watch: Template
) -> None:
    passed = {snake_case(name): f'${{local.infra["{name}"]}}' for name in infra["Outputs"]}
    for stack, template in (("app", app_template), ("watch", watch)):
        outputs = f"aws_cloudformation_stack.{stack}.outputs"
        for name, output in template["Outputs"].items():
            is_always_there = "Condition" not in output
            value = (
                f'{outputs}["{name}"]' if is_always_there else f'lookup({outputs}, "{name}", null)'
            )
            passed[snake_case(name)] = f"${{{value}}}"
    assert module.outputs == passed


# --- the stacks


def test_the_stacks_have_the_names_that_make_deploy_gives_them(module: Module) -> None:
    stage = Stage("prod")
    expected = {"infra": stage.infra_stack, "app": stage.app_stack, "watch": stage.watch_stack}
    own_name = module.named["name"].replace("${var.stage}", "prod")
    for stack, resource in module.resources["aws_cloudformation_stack"].items():
        assert resource["name"].replace("${local.name}", own_name) == expected.pop(stack)
    assert expected == {}


def test_a_stack_has_the_capabilities_that_its_template_needs_and_no_more(
    module: Module, infra: Template, app_template: Template, watch: Template
) -> None:
    for stack, template in (("infra", infra), ("app", app_template), ("watch", watch)):
        roles = [r for r in template["Resources"].values() if r["Type"] == "AWS::IAM::Role"]
        assert not [role for role in roles if "RoleName" in role["Properties"]]
        needed = {"CAPABILITY_IAM"} if roles else set()
        needed |= {"CAPABILITY_AUTO_EXPAND"} if "Transform" in template else set()
        resource = module.resources["aws_cloudformation_stack"][stack]
        assert set(resource.get("capabilities", [])) == needed, stack


def test_each_stack_waits_for_what_it_needs(module: Module) -> None:
    stacks = module.resources["aws_cloudformation_stack"]
    assert stacks["app"]["template_url"].endswith("/${aws_s3_object.app_template.key}")
    assert stacks["watch"]["template_url"].endswith("/${aws_s3_object.watch_template.key}")
    assert stacks["watch"]["depends_on"] == ["${aws_cloudformation_stack.app}"]
    for uploaded in module.resources["aws_s3_object"].values():
        assert uploaded["depends_on"] == ["${aws_cloudformation_stack.infra}"]


def test_the_stack_with_the_tables_is_protected_from_destruction(module: Module) -> None:
    (lifecycle,) = module.resources["aws_cloudformation_stack"]["infra"]["lifecycle"]
    assert lifecycle["prevent_destroy"] is True


# --- what is uploaded


def test_the_bucket_has_the_name_that_the_template_gives_it(
    module: Module, infra: Template
) -> None:
    name = module.named["bucket"].replace("${local.name}", module.named["name"])
    for ours, cloudformations in (
        ("var.stage", "Stage"),
        ("local.account", "AWS::AccountId"),
        ("local.region", "AWS::Region"),
    ):
        name = name.replace(f"${{{ours}}}", f"${{{cloudformations}}}")
    assert infra["Resources"]["Artifacts"]["Properties"]["BucketName"] == {"Fn::Sub": name}


def test_the_address_of_the_code_is_put_in_wherever_the_package_has_it(
    module: Module, app_template: Template
) -> None:
    assert f'"{CODE}", "s3://${{local.bucket}}/' in module.named["app_template"]
    resources = app_template["Resources"].values()
    functions = [r for r in resources if r["Type"] == "AWS::Serverless::Function"]
    assert {function["Properties"]["CodeUri"] for function in functions} == {CODE}
    # Terraform replaces a text, and knows nothing of what surrounds it.
    assert with_code_at(app_template, CODE).count(CODE) == len(functions) == 5


def test_the_package_is_named_by_its_content_and_outlives_its_successors_upload(
    module: Module,
) -> None:
    package = module.resources["aws_s3_object"]["package"]
    assert package["key"] == f'${{filesha256("{package["source"]}")}}.zip'
    assert package["lifecycle"] == [{"create_before_destroy": True}]


def test_what_watches_is_uploaded_under_a_name_that_changes_with_it(module: Module) -> None:
    uploaded = module.resources["aws_s3_object"]["watch_template"]
    assert uploaded["content"] == "${local.watch_template}"
    assert uploaded["key"] == "${sha256(local.watch_template)}.yaml"
    assert f"/../{WATCH.name}" in module.named["watch_template"]


def test_a_template_that_is_not_uploaded_comes_back_from_cloudformation_as_it_was_sent(
    module: Module,
) -> None:
    resource = module.resources["aws_cloudformation_stack"]["infra"]
    assert resource["template_body"] == "${local.infra_template}"
    assert f"/../{TEMPLATE.name}" in module.named["infra_template"]
    text = TEMPLATE.read_text(encoding="utf-8")
    # CloudFormation gives back other letters as question marks, and Terraform would see a change.
    assert text.isascii()
    assert len(text) <= MOST_INLINE_BYTES


# --- what Terraform would refuse


def test_no_argument_is_misspelt_or_missing(module: Module) -> None:
    assert module.resources.keys() == ARGUMENTS.keys()
    for kind, named in module.resources.items():
        for name, resource in named.items():
            arguments = resource.keys() - OF_EVERY_RESOURCE
            assert REQUIRED[kind] <= arguments <= ARGUMENTS[kind], f"{kind}.{name}"


def test_what_is_referred_to_is_there_and_what_is_there_is_referred_to(module: Module) -> None:
    assert module.read_with("var.") == module.variables.keys()
    assert module.read_with("local.") == module.named.keys()
    for kind, named in module.resources.items():
        assert module.read_with(f"{kind}.") <= named.keys()


def test_it_parses_and_where_terraform_is_installed_it_is_formatted(module: Module) -> None:
    assert module.resources
    terraform = shutil.which("terraform")
    if terraform is not None:
        command = [terraform, f"-chdir={FOLDER}", "fmt", "-check", "-diff"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        assert (done.returncode, done.stdout) == (0, "")
