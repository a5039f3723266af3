"""`make infra` and `make deploy` with a stage's file that is not filled in, or without credentials.

Run as programs, in a clone, against an AWS that counts its requests.
"""

import http.server
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.tools.deploy.conftest import ROOT
from tools.deploy import stage
from tools.deploy.errors import DeployError
from tools.devstack.processes import LOOPBACK, bare_environment

REFUSAL: Final = (
    b"<ErrorResponse><Error><Code>InvalidClientTokenId</Code>"
    b"<Message>The security token is invalid.</Message></Error></ErrorResponse>"
)
KEYS: Final = {"AWS_ACCESS_KEY_ID": "invented", "AWS_SECRET_ACCESS_KEY": "invented"}
FILLED_IN: Final = {
    "MonoovaMaccountToken": "6279059700000000",
    "MonoovaSourceBsb": "802-985",
    "MonoovaSourceAccount": "123456789",
    "RemitterName": "Example Pty Ltd",
    "CorsAllowOrigin": "https://admin.example.com",
}
# Not asked for by a template, but where the money is real.
FOR_LIVE: Final = {"MonoovaSourceBsbField": "sourceBSB"}
LEFT_EMPTY: Final = {
    "dev": [name for name in FILLED_IN if name != "CorsAllowOrigin"],
    "prod": [*FILLED_IN],
}


@dataclass
class RefusingAws:
    """Refuses every request, and counts them."""

    url: str
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def aws() -> Iterator[RefusingAws]:
    noted: list[str] = []

    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            noted.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(403)
            self.send_header("Content-Length", str(len(REFUSAL)))
            self.end_headers()
            self.wfile.write(REFUSAL)

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer((LOOPBACK, 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield RefusingAws(f"http://{LOOPBACK}:{server.server_port}", noted)
        server.shutdown()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The project as far as it deploys, what its stages need left empty."""
    for name in ("chalicelib", "tools", "infra", ".chalice"):
        ignored = shutil.ignore_patterns("__pycache__", "terraform", "static")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name, parameters in LEFT_EMPTY.items():
        fill_in(tmp_path, name, dict.fromkeys(parameters, ""))
    return tmp_path


def fill_in(clone: Path, name: str, values: Mapping[str, str] = FILLED_IN) -> None:
    file = clone / "infra" / "stages" / f"{name}.toml"
    text = file.read_text()
    for parameter, value in values.items():
        text = re.sub(rf'(?m)^{parameter} = ".*?"', f'{parameter} = "{value}"', text)
    file.write_text(text)


def deploying(
    clone: Path, what: str, name: str, aws: RefusingAws, **variables: str
) -> subprocess.CompletedProcess[str]:
    own = {
        "HOME": str(clone),
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "tools.deploy", what, "--stage", name, "--yes"],
        cwd=clone,
        env=bare_environment() | own | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("what", ["infra", "all"])
@pytest.mark.parametrize("name", LEFT_EMPTY)
def test_missing_values_are_reported_with_the_files_name_before_aws_is_called(
    clone: Path, aws: RefusingAws, what: str, name: str
) -> None:
    done = deploying(clone, what, name, aws, **KEYS)
    assert (done.returncode, done.stdout) == (1, "")
    first, *rest = done.stderr.strip().splitlines()
    assert first == (
        f"infra/stages/{name}.toml is not filled in. Nothing was created or changed; "
        "it needs a value for"
    )
    assert [line.split() for line in rest] == [
        [parameter, "under", "[app]"] for parameter in LEFT_EMPTY[name]
    ]
    assert aws.requests == []


def test_without_credentials_two_lines_say_how_to_get_them(clone: Path, aws: RefusingAws) -> None:
    fill_in(clone, "dev")
    done = deploying(clone, "infra", "dev", aws)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip().splitlines() == [
        "AWS does not take these credentials, or found none: Unable to locate credentials",
        "Run first: aws sso login, or set AWS_PROFILE.",
    ]
    assert aws.requests == []


def test_credentials_that_aws_refuses_end_it_at_the_first_request(
    clone: Path, aws: RefusingAws
) -> None:
    fill_in(clone, "dev")
    done = deploying(clone, "infra", "dev", aws, **KEYS)
    assert (done.returncode, done.stdout) == (1, "")
    assert "AWS does not take these credentials" in done.stderr
    assert "Traceback" not in done.stderr
    assert aws.requests == ["/"]


@pytest.mark.parametrize("name", LEFT_EMPTY)
def test_a_file_that_is_filled_in_is_taken(clone: Path, name: str) -> None:
    fill_in(clone, name)
    stage.require_filled_in(clone, stage.read(clone, name))


@pytest.mark.parametrize("name", LEFT_EMPTY)
def test_a_stage_as_it_stands_fits_its_environment(clone: Path, name: str) -> None:
    stage.require_fitting_environment(clone, stage.read(clone, name))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("prod", {"MonoovaEnvironment": "sandbox"}),
        ("prod", {"MonoovaBaseUrl": "https://api.m-pay.com.au"}),
        ("dev", {"MonoovaEnvironment": "live"}),
        ("dev", {"MonoovaBaseUrl": "https://api.mpay.com.au"}),
    ],
)
def test_a_stage_that_does_not_fit_its_environment_is_not_deployed(
    clone: Path, aws: RefusingAws, name: str, changes: dict[str, str]
) -> None:
    fill_in(clone, name, FILLED_IN | changes)
    done = deploying(clone, "infra", name, aws, **KEYS)
    assert (done.returncode, done.stdout, aws.requests) == (1, "", [])
    assert "Nothing was created or changed" in done.stderr


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, ["MonoovaSourceBsbField"]),
        (
            FOR_LIVE | {"RequireMfa": "false", "LimitPerDayAud": ""},
            ["RequireMfa", "LimitPerDayAud"],
        ),
        (FOR_LIVE | {"UsersWithoutGroup": "operate"}, ["UsersWithoutGroup"]),
        (FOR_LIVE | {"CorsAllowOrigin": "*"}, ["CorsAllowOrigin"]),
        (FOR_LIVE | {"ApprovalThresholdAud": ""}, ["ApprovalThresholdAud"]),
    ],
)
def test_a_live_stage_with_a_control_off_is_refused_before_anything_is_made(
    clone: Path, changes: dict[str, str], named: list[str]
) -> None:
    fill_in(clone, "prod", FILLED_IN | changes)
    with pytest.raises(DeployError, match="Nothing was created or changed") as refused:
        stage.require_nothing_left_off(clone, stage.read(clone, "prod"))
    _, *lines = str(refused.value).splitlines()
    assert [line.split()[0].rstrip(":") for line in lines] == named


def test_a_stage_with_every_control_on_is_taken_and_one_that_pays_nothing_needs_none(
    clone: Path,
) -> None:
    fill_in(clone, "prod", FILLED_IN | FOR_LIVE)
    stage.require_nothing_left_off(clone, stage.read(clone, "prod"))
    fill_in(clone, "dev")
    stage.require_nothing_left_off(clone, stage.read(clone, "dev"))


@pytest.mark.parametrize("parameter", FILLED_IN)
def test_one_value_left_empty_is_named_alone(clone: Path, parameter: str) -> None:
    fill_in(clone, "prod", FILLED_IN | {parameter: ""})
    with pytest.raises(DeployError) as refused:
        stage.require_filled_in(clone, stage.read(clone, "prod"))
    _, *named = str(refused.value).splitlines()
    assert [line.split()[0] for line in named] == [parameter]
