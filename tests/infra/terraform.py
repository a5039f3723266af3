"""infra/terraform as data: its variables, what each stack is given, and what is passed on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import hcl2

from tests.infra.conftest import ROOT

FOLDER: Final = ROOT / "infra" / "terraform"
_AS_WRITTEN: Final = hcl2.SerializationOptions(
    with_comments=False, explicit_blocks=False, strip_string_quotes=True
)


@dataclass(frozen=True, slots=True)
class Module:
    """The module's files together. What is computed stands as Terraform writes it: `${var.x}`."""

    text: str
    variables: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, str]
    named: Mapping[str, Any]
    # By type and name: `resources["aws_cloudformation_stack"]["app"]`.
    resources: Mapping[str, Mapping[str, Mapping[str, Any]]]

    def read_with(self, prefix: str) -> set[str]:
        """The names that are referred to after a prefix, such as `var.`."""
        return set(re.findall(rf"(?<![\w.]){re.escape(prefix)}(\w+)", self.text))


def read(folder: Path = FOLDER) -> Module:
    """The module in a folder; whatever does not parse raises."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.tf"))]
    files = [hcl2.loads(text, serialization_options=_AS_WRITTEN) for text in texts]
    resources: dict[str, dict[str, Mapping[str, Any]]] = {}
    for block in _blocks(files, "resource"):
        for kind, named in block.items():
            resources.setdefault(kind, {}).update(named)
    return Module(
        text="\n".join(_without_comments(text) for text in texts),
        variables=_merged(files, "variable"),
        outputs={name: each["value"] for name, each in _merged(files, "output").items()},
        named=_merged(files, "locals"),
        resources=resources,
    )


def snake_case(name: str) -> str:
    """A name of CloudFormation as Terraform would have it: RestAPIId is rest_api_id."""
    apart = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", apart).lower()


def _blocks(files: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [block for file in files for block in file.get(kind, [])]


def _merged(files: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return {name: each for block in _blocks(files, kind) for name, each in block.items()}


def _without_comments(text: str) -> str:
    return re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
