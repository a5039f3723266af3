"""What stands in for a module of a dependency lets the rest of the dependency do its work."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tests.tools.deploy.conftest import CACHE, ROOT
from tools.deploy import dependencies
from tools.deploy.wheels import Architecture

_RUN: Final = """
import json, sys
sys.path.insert(0, sys.argv[1])
import requests
loaded_early = "charset_normalizer.api" in sys.modules
answer = requests.Response()
answer._content = "Grüße aus Zürich, schöne Häuser und Bäume".encode("latin-1")
import boto3.session
from botocore.session import Session
session = Session()
session.set_credentials("none", "none")
kms = boto3.session.Session(botocore_session=session).client("kms", region_name="ap-southeast-2")
import urllib3, wrapt
print(json.dumps({
    "encoding": answer.apparent_encoding,
    "loaded_early": loaded_early,
    "operations": sorted(kms.meta.method_to_api_mapping),
    "documentation": str(kms.decrypt.__doc__),
}))
"""


@pytest.fixture(scope="module")
def tree() -> Path:
    """The dependencies of the package for this machine's processor."""
    return dependencies.ready(ROOT / "requirements.txt", Architecture.X86_64, CACHE)


def ran(*isolated: str, tree: Path | str) -> dict[str, Any]:
    command = [sys.executable, *isolated, "-B", "-c", _RUN, str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_text_without_a_character_set_is_read_as_without_the_stand_ins(tree: Path) -> None:
    packaged, full = ran("-I", "-S", tree=tree), ran("-I", tree="")
    assert packaged["encoding"] == full["encoding"]
    assert (packaged["loaded_early"], full["loaded_early"]) == (False, True)


def test_a_client_made_by_boto3_has_its_operations_and_no_documentation(tree: Path) -> None:
    found = ran("-I", "-S", tree=tree)
    assert found["operations"] == ["decrypt", "generate_data_key"]
    assert found["documentation"] == ""
