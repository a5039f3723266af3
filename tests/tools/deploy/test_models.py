"""botocore's data, cut down: what the app calls is all there, and means what it meant."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore
import pytest

from tests.infra.call_sites import sites_in
from tools.deploy import models
from tools.devstack.processes import bare_environment

SCRIPT = Path(__file__).with_name("botocore_calls.py")
FULL = Path(botocore.__file__).parents[1]


def test_the_operations_that_are_kept_are_those_that_the_code_calls() -> None:
    kept = {f"{service}.{name}" for service, names in models.OPERATIONS.items() for name in names}
    assert kept == {site.operation for site in sites_in()}


def calls(packages: Path, region: str) -> list[dict[str, Any]]:
    """What the botocore in `packages` makes of each call, in a process that has no other."""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-I", "-S", str(SCRIPT), str(packages), region],
        env=bare_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_trimmed_client_sends_and_reads_as_one_that_knows_everything(unpacked: Path) -> None:
    trimmed, full = calls(unpacked, "ap-southeast-2"), calls(FULL, "ap-southeast-2")
    assert trimmed == full
    every = {f"{service}.{name}" for service, names in models.OPERATIONS.items() for name in names}
    assert {each["call"] for each in full} == every
    assert {each["sent"]["url"] for each in full} == {
        f"https://{service}.ap-southeast-2.amazonaws.com/" for service in models.OPERATIONS
    }
    failures = [text for each in full for text in each["read"] if "ConditionalCheckFailed" in text]
    with_items = [text for text in failures if "'Item': {'transaction_id'" in text]
    (cancelled,) = [text for text in failures if text.startswith("TransactionCanceledException: ")]
    assert cancelled in with_items
    refusals = [text for text in failures if text is not cancelled]
    assert len([text for text in refusals if text in with_items]) == 7
    assert all(text.startswith("ConditionalCheckFailedException: ") for text in refusals)


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1"])
def test_in_a_region_of_another_partition_too(unpacked: Path, region: str) -> None:
    assert calls(unpacked, region) == calls(FULL, region)


def data(folder: Path, operations: dict[str, Any], shapes: dict[str, Any]) -> Path:
    """A folder of botocore's data with one service that is called and one that is not."""
    model = {
        "version": "2.0",
        "metadata": {"serviceId": "Secrets Manager"},
        "documentation": "<p>long</p>",
    }
    model |= {"operations": operations, "shapes": shapes}
    for service in ("secretsmanager", "sns"):
        version = folder / service / "2017-10-17"
        version.mkdir(parents=True)
        (version / "service-2.json").write_text(json.dumps(model))
        (version / "paginators-1.json").write_text("{}")
        (version / "endpoint-rule-set-1.json").write_text('{"rules": []}')
        (folder / service / "2000-01-01").mkdir()
    (folder / "_retry.json").write_text("{}")
    (folder / "something-else.json").write_text("{}")
    return folder


def test_an_operation_keeps_every_shape_that_it_needs_and_none_else(tmp_path: Path) -> None:
    send = {"input": {"shape": "In"}, "output": {"shape": "Out"}, "errors": [{"shape": "Gone"}]}
    text = {"type": "string", "documentation": "<p>long</p>"}
    shapes = {
        # A member that is called as what is left out elsewhere.
        "In": {"type": "structure", "members": {"documentation": {"shape": "Text"}}},
        "Out": {"type": "list", "member": {"shape": "Deep"}},
        "Deep": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Out"}},
        "Gone": {"type": "structure", "members": {}},
        "Text": text,
        "OfAnother": {"type": "structure", "members": {"x": {"shape": "Text"}}},
    }
    folder = data(
        tmp_path,
        {"GetSecretValue": send, "PutSecretValue": {"input": {"shape": "OfAnother"}}},
        shapes,
    )
    models.trim(folder)
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert left == {
        "_retry.json",
        "secretsmanager/2017-10-17/endpoint-rule-set-1.json",
        "secretsmanager/2017-10-17/service-2.json",
    }
    model = json.loads((folder / "secretsmanager" / "2017-10-17" / "service-2.json").read_text())
    assert model["operations"] == {"GetSecretValue": send}
    assert model["shapes"] == {
        name: shape for name, shape in shapes.items() if name not in ("OfAnother", "Text")
    } | {"Text": {"type": "string"}}
    assert "documentation" not in model


def test_an_operation_that_a_new_botocore_does_not_know_any_more_is_named(tmp_path: Path) -> None:
    folder = data(tmp_path, {"PutSecretValue": {}}, {})
    with pytest.raises(ValueError, match=r"Secrets Manager has no \['GetSecretValue'\]"):
        models.trim(folder)
