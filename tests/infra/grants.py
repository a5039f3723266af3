"""What the policy files grant, as pairs of an action and a resource, and how it differs from use.

Resources stand as the policy files write them: `${TransactionsTableArn}/index/due-index`.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.infra.conftest import ROOT

CHALICE: Final = ROOT / ".chalice"
CONFIG: Final[dict[str, Any]] = json.loads((CHALICE / "config.json").read_text())
# Each function's policy file, by its name in every stage.
POLICIES: Final[dict[str, str]] = {
    function: settings["iam_policy_file"]
    for stage in CONFIG["stages"].values()
    for function, settings in stage.get("lambda_functions", {}).items()
}

Statement = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Right:
    """One action on one resource. A wildcard stands for itself: nothing uses `index/*`."""

    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


def statements_of(policy: str) -> list[Statement]:
    """The statements of a policy file."""
    document = json.loads((CHALICE / policy).read_text())
    assert document["Version"] == "2012-10-17"
    return list(document["Statement"])


def granted_by(statements: Iterable[Statement]) -> list[Right]:
    """Every right that the statements grant, as often as they do.

    Conditions are not read here: they can only narrow a grant.
    """
    rights = []
    for statement in statements:
        assert statement["Effect"] == "Allow", statement["Sid"]
        assert statement.keys() <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        for action in _listed(statement["Action"]):
            rights += [Right(action, resource) for resource in _listed(statement["Resource"])]
    return rights


def differences(policy: str, granted: Iterable[Right], needed: Iterable[Right]) -> list[str]:
    """What a person has to change in a policy so that it grants what is needed and no more."""
    counted, wanted = Counter(granted), set(needed)
    unused = sorted(counted.keys() - wanted)
    missing = sorted(wanted - counted.keys())
    twice = sorted(right for right, times in counted.items() if times > 1)
    return [
        *(f"{policy} grants {right}, which nothing uses" for right in unused),
        *(f"{policy} does not grant {right}, which is used" for right in missing),
        *(f"{policy} grants {right} twice" for right in twice),
    ]


def arn_named_by(variable: str) -> str | None:
    """The resource that an environment variable of the functions names, as a policy writes it."""
    value = CONFIG["environment_variables"].get(variable, "")
    output = re.fullmatch(r"\$\{(\w+)(Name|Url|Arn)\}", value)
    return f"${{{output[1]}Arn}}" if output else None


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
