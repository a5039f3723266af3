"""infra/stages/<stage>.toml: what is particular to a stage."""

from pathlib import Path

import pytest

from tests.tools.deploy.conftest import ROOT
from tools.deploy import stage
from tools.deploy.errors import DeployError


def project(folder: Path, text: str) -> Path:
    stages = folder / "infra" / "stages"
    stages.mkdir(parents=True)
    (stages / "dev.toml").write_text(text)
    return folder


def test_what_a_file_says_becomes_texts_and_what_it_leaves_empty_is_not_given(
    tmp_path: Path,
) -> None:
    text = """
        account = "111122223333"
        region = "ap-southeast-4"
        [infra]
        LogRetentionDays = 30
        MonoovaBaseUrl = ""
        [app]
        RemitterName = "Example Pty Ltd"
        MaxResends = 0
        CorsAllowOrigin = ""
    """
    assert stage.read(project(tmp_path, text), "dev") == stage.Stage(
        name="dev",
        region="ap-southeast-4",
        account="111122223333",
        infra={"LogRetentionDays": "30"},
        app={"RemitterName": "Example Pty Ltd", "MaxResends": "0"},
        watch={},
    )


def test_a_stages_stacks_are_distinguished_by_its_name() -> None:
    dev = stage.Stage("dev")
    assert (dev.infra_stack, dev.app_stack, dev.watch_stack) == (
        "monoova-payouts-dev-infra",
        "monoova-payouts-dev",
        "monoova-payouts-dev-watch",
    )


def test_an_account_need_not_be_named(tmp_path: Path) -> None:
    assert stage.read(project(tmp_path, 'region = "ap-southeast-2"'), "dev").account == ""


def test_a_region_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"infra/stages/dev\.toml: names no region\."):
        stage.read(project(tmp_path, 'account = "111122223333"'), "dev")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('region = "r"\n[aps]\nA = "b"\n[infa]', r"unknown aps, infa\."),
        ("region = ap-southeast-2", r"Invalid value"),
        ('region = "r"\ninfra = "none"', r"infra is no table\."),
    ],
)
def test_an_unknown_value_is_refused_with_the_files_name(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(DeployError, match=rf"^infra/stages/dev\.toml: {said}"):
        stage.read(project(tmp_path, text), "dev")


def test_a_stage_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"There is no infra/stages/nowhere\.toml\."):
        stage.read(tmp_path, "nowhere")


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_stages_that_we_deploy_can_be_read(name: str) -> None:
    found = stage.read(ROOT, name)
    assert (found.name, found.region) == (name, "ap-southeast-2")
    assert found.infra["MonoovaEnvironment"] == {"dev": "sandbox", "prod": "live"}[name]
    assert "" not in {*found.infra.values(), *found.app.values(), *found.watch.values()}
