"""The list of what the package is made of, beside the package."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tools.deploy.conftest import ROOT
from tools.deploy import bill_of_materials
from tools.deploy.package import Package
from tools.devstack.install import pinned


@pytest.fixture
def bill(prod: Package) -> dict[str, Any]:
    file = prod.code.with_name(bill_of_materials.NAME)
    read: dict[str, Any] = json.loads(file.read_text())
    return read


def test_it_lies_beside_the_package_and_names_it_by_its_digest(
    bill: dict[str, Any], prod: Package
) -> None:
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": prod.digest}]


def test_it_has_every_dependency_and_what_else_is_put_in(bill: dict[str, Any]) -> None:
    named = {component["purl"] for component in bill["components"]}
    pins = {f"pkg:pypi/{each.replace('==', '@')}" for each in pinned(ROOT / "requirements.txt")}
    assert pins < named
    others = sorted(each.partition("@")[0] for each in named - pins)
    assert others == ["pkg:npm/swagger-ui-dist", "pkg:pypi/chalice"]
    (package,) = (each for each in bill["dependencies"] if each["ref"] == "monoova-payouts")
    assert len(package["dependsOn"]) == len(named)


def test_each_dependency_has_the_digests_that_it_is_taken_by(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(
        f"one==1.0 ; a_marker \\\n    --hash=sha256:{'a' * 64} \\\n    --hash=sha256:{'b' * 64}\n"
        f"two==2.0 \\\n    --hash=sha256:{'c' * 64}\n"
    )
    bill = json.loads(bill_of_materials.written(requirements, "0" * 64))
    found = {
        (each["name"], each["version"]): [
            taken["content"] for taken in each["externalReferences"][0]["hashes"]
        ]
        for each in bill["components"]
        if each["name"] in {"one", "two"}
    }
    assert found == {("one", "1.0"): ["a" * 64, "b" * 64], ("two", "2.0"): ["c" * 64]}


def test_the_same_package_has_the_same_serial_number() -> None:
    first, second = (
        json.loads(bill_of_materials.written(ROOT / "requirements.txt", "0" * 64)) for _ in range(2)
    )
    assert first["serialNumber"] == second["serialNumber"]
