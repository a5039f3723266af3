"""CloudFormation stacks, changed only by what was shown before: a change set, then its doing."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from tools.deploy.errors import DeployError

# A parameter of this value keeps what the stack has: for secrets, which are typed once.
KEEP: Final = None

_CAPABILITIES: Final = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_DONE: Final = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
# Stacks without resources: the shell of a change set not executed, which takes the next one
# as if it were new; and what is left of a creation that failed, which CloudFormation refuses to
# touch until it is deleted.
_EMPTY: Final = "REVIEW_IN_PROGRESS"
_UNDONE: Final = "ROLLBACK_COMPLETE"
_BEGUN: Final = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
_NOTHING_TO_DO: Final = ("didn't contain changes", "No updates are to be performed")
_MOST_SECONDS: Final = 1800.0

Parameters = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """One line of what would be done to a stack."""

    action: str
    resource: str
    kind: str
    # "True", "Conditional" or "False", as CloudFormation says it.
    replaces: str

    def __str__(self) -> str:
        mark = {"Add": "+", "Remove": "-", "Modify": "~"}.get(self.action, self.action)
        note = "" if self.replaces == "False" else f"   REPLACED: {self.replaces}"
        return f"  {mark} {self.resource:<36} {self.kind}{note}"


@dataclass(frozen=True, slots=True)
class NewValue:
    """A parameter that would have another value; a secret one is never among them."""

    parameter: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"  ~ {self.parameter:<36} {_shown(self.before)} -> {_shown(self.after)}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A change set that waits for its execution."""

    stack: str
    change_set: str
    is_new: bool
    changes: tuple[Change, ...]
    values: tuple[NewValue, ...] = ()


class Stacks:
    """The stacks of one account and region."""

    def __init__(self, cloudformation: Any, poll_seconds: float = 3.0) -> None:
        self._client = cloudformation
        self._poll_seconds = poll_seconds

    def outputs(self, stack: str) -> dict[str, str]:
        """The outputs of a stack by their names; none if there is no such stack."""
        found = self._described(stack)
        return {each["OutputKey"]: each["OutputValue"] for each in (found or {}).get("Outputs", [])}

    def exists(self, stack: str) -> bool:
        """Whether it has resources: neither a shell nor what is left of a failed creation has."""
        return self._status(stack) not in ("", _EMPTY, _UNDONE)

    def plan(self, stack: str, template: Mapping[str, str], parameters: Parameters) -> Plan | None:
        """What would be done; None if nothing. `template` is a TemplateURL or a TemplateBody.

        Raises:
            DeployError: CloudFormation refused it; with its reason.
        """
        is_new = not self.exists(stack)
        if self._status(stack) == _UNDONE:
            self._delete(stack)
        name = f"deploy-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
        try:
            self._client.create_change_set(
                StackName=stack,
                ChangeSetName=name,
                ChangeSetType="CREATE" if is_new else "UPDATE",
                Parameters=[_parameter(key, value) for key, value in parameters.items()],
                Capabilities=_CAPABILITIES,
                **template,
            )
        except ClientError as error:
            raise DeployError(f"The stack {stack} was refused: {error}") from error
        described = self._until_planned(stack, name)
        if described is None:
            return None
        changes = tuple(_change(each["ResourceChange"]) for each in described)
        values = () if is_new else tuple(self._new_values(stack, name, parameters))
        return Plan(stack, name, is_new, changes, values)

    def discard(self, plan: Plan) -> None:
        """What was planned is not done."""
        self._client.delete_change_set(StackName=plan.stack, ChangeSetName=plan.change_set)

    def execute(self, plan: Plan) -> dict[str, str]:
        """Do what was planned, and wait for its end; the stack's outputs.

        Raises:
            DeployError: it failed, and CloudFormation has undone it; with the reasons.
        """
        self._client.execute_change_set(StackName=plan.stack, ChangeSetName=plan.change_set)
        ends = time.monotonic() + _MOST_SECONDS
        while time.monotonic() < ends:
            status = self._status(plan.stack)
            if status in _DONE:
                return self.outputs(plan.stack)
            if status.endswith(("FAILED", "ROLLBACK_COMPLETE")):
                break
            time.sleep(self._poll_seconds)
        reasons = "\n".join(self._failures(plan.stack))
        raise DeployError(f"The stack {plan.stack} was not brought up to date:\n{reasons}")

    def _status(self, stack: str) -> str:
        """As CloudFormation says it; "" if there is no such stack."""
        return str((self._described(stack) or {}).get("StackStatus", ""))

    def _delete(self, stack: str) -> None:
        self._client.delete_stack(StackName=stack)
        ends = time.monotonic() + _MOST_SECONDS
        while status := self._status(stack):
            if status == "DELETE_FAILED" or time.monotonic() > ends:
                raise DeployError(f"What is left of {stack} could not be deleted.")
            time.sleep(self._poll_seconds)

    def _described(self, stack: str) -> Mapping[str, Any] | None:
        try:
            found: list[Mapping[str, Any]] = self._client.describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return found[0] if found else None

    def _until_planned(self, stack: str, name: str) -> list[Mapping[str, Any]] | None:
        """The changes of a change set; None where there are none."""
        ends = time.monotonic() + _MOST_SECONDS
        while time.monotonic() < ends:
            found = self._client.describe_change_set(StackName=stack, ChangeSetName=name)
            if found["Status"] == "CREATE_COMPLETE":
                return list(self._pages(found))
            if found["Status"] == "FAILED":
                reason = found.get("StatusReason", "no reason given")
                self._client.delete_change_set(StackName=stack, ChangeSetName=name)
                if any(text in reason for text in _NOTHING_TO_DO):
                    return None
                raise DeployError(f"The stack {stack} was refused: {reason}")
            time.sleep(self._poll_seconds)
        raise DeployError(f"CloudFormation did not say what it would do to {stack}.")

    def _new_values(self, stack: str, name: str, parameters: Parameters) -> Iterator[NewValue]:
        """What is given, and what a new default gives; CloudFormation shows no secret."""
        before = _values(self._described(stack) or {})
        planned = self._client.describe_change_set(StackName=stack, ChangeSetName=name)
        given = {key: value for key, value in parameters.items() if value is not KEEP}
        after = _values(planned) | given
        for key in sorted(before.keys() | after.keys()):
            if parameters.get(key, "") is not KEEP and before.get(key) != after.get(key):
                yield NewValue(key, before.get(key, ""), after.get(key, ""))

    def _pages(self, first: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        page = first
        while True:
            yield from page.get("Changes", [])
            token = page.get("NextToken")
            if not token:
                return
            page = self._client.describe_change_set(
                StackName=first["StackName"], ChangeSetName=first["ChangeSetName"], NextToken=token
            )

    def _failures(self, stack: str) -> Iterator[str]:
        """What failed in the last doing, the cause before what it led to."""
        latest: list[str] = []
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=stack)
        for each in (each for page in pages for each in page["StackEvents"]):  # newest first
            if each["ResourceStatus"].endswith("FAILED"):
                reason = each.get("ResourceStatusReason", "no reason given")
                latest.append(f"  {each['LogicalResourceId']}: {reason}")
            if each["LogicalResourceId"] == stack and each["ResourceStatus"] in _BEGUN:
                break  # before it, others failed that were mended since
        yield from reversed(latest)


def _values(described: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of a stack or a change set."""
    found = described.get("Parameters", [])
    return {each["ParameterKey"]: each.get("ParameterValue", "") for each in found}


def _shown(value: str) -> str:
    return value or '""'


def _parameter(key: str, value: str | None) -> dict[str, Any]:
    if value is KEEP:
        return {"ParameterKey": key, "UsePreviousValue": True}
    return {"ParameterKey": key, "ParameterValue": value}


def _change(found: Mapping[str, Any]) -> Change:
    return Change(
        action=found["Action"],
        resource=found["LogicalResourceId"],
        kind=found["ResourceType"],
        replaces=found.get("Replacement", "False"),
    )
