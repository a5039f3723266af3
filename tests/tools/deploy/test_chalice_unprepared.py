"""What `chalice deploy` says where it cannot succeed: two lines, before it builds or asks AWS."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib import deploy_check
from tests.tools.deploy.conftest import ROOT
from tools.deploy import configure
from tools.devstack.processes import bare_environment

CONFIGURED = dict.fromkeys(configure.READ_BY_DECORATORS, "arn:aws:sqs:ap-southeast-2:1:a-queue")
KEYS = {"AWS_ACCESS_KEY_ID": "invented", "AWS_SECRET_ACCESS_KEY": "invented"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A clone as far as Chalice reads it, its stages not configured."""
    for name in ("chalicelib", ".chalice"):
        ignored = shutil.ignore_patterns("__pycache__", "deployments", "deployed", "dev", "prod")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("app.py", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    file = tmp_path / ".chalice" / "config.json"
    file.write_text(json.dumps(configure.neutral(json.loads(file.read_text()))))
    return tmp_path


def configured(project: Path) -> Path:
    file = project / ".chalice" / "config.json"
    config = json.loads(file.read_text())
    config["stages"]["dev"]["environment_variables"] = CONFIGURED
    file.write_text(json.dumps(config))
    return project


def chalice(project: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The real command line, with no credentials but those in `variables`."""
    return in_project(project, str(Path(sys.executable).with_name("chalice")), *words, **variables)


def in_project(project: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    own = {
        "HOME": str(project),
        "AWS_DEFAULT_REGION": "ap-southeast-2",
        "AWS_EC2_METADATA_DISABLED": "true",
        # If AWS were called all the same, the call would be refused at once.
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    environment = bare_environment() | own | variables
    return subprocess.run(  # noqa: S603 - our own programs
        words, cwd=project, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", [("deploy",), ("dev", "plan")])
@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_for_a_stage_that_is_not_configured_it_says_what_to_run_first(
    project: Path, command: tuple[str, ...], stage: str
) -> None:
    done = chalice(project, *command, "--stage", stage, **KEYS)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"The stage {stage} is not configured: .chalice/config.json has no values for it.",
        f"Run first: make infra STAGE={stage}",
    ]
    assert not (project / ".chalice" / "deployments").exists(), "nothing is built"


def test_without_credentials_it_says_how_to_get_them(project: Path) -> None:
    done = chalice(configured(project), "deploy", "--stage", "dev")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "No AWS credentials for the stage dev: none were found.",
        "Run first: aws sso login, or set AWS_PROFILE; then: chalice deploy --stage dev",
    ]
    assert not (project / ".chalice" / "deployments").exists(), "nothing is built"


def test_what_deploys_nothing_needs_neither(project: Path) -> None:
    done = chalice(project, "generate-models")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_app_looks_for_it_only_where_chalices_command_line_imports_it(project: Path) -> None:
    looked = "import app, sys; print('chalicelib.deploy_check' in sys.modules)"
    done = in_project(project, sys.executable, "-c", looked)
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr


def test_a_profile_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    said = deploy_check.problem_of(CONFIGURED, "dev", "a-profile-of-no-file")
    assert said is not None
    assert "(a-profile-of-no-file) could not be found\nRun first: aws sso login" in said


def test_with_a_configured_stage_and_credentials_nothing_is_missing() -> None:
    assert deploy_check.problem_of(CONFIGURED, "dev", None) is None


@pytest.mark.parametrize("missing", CONFIGURED)
def test_a_stage_that_is_half_configured_is_not_configured(missing: str) -> None:
    said = deploy_check.problem_of({**CONFIGURED, missing: ""}, "dev", None)
    assert said is not None
    assert "make infra STAGE=dev" in said
