"""Every command, option, route and code that the runbook names exists."""

import re
import shlex
from pathlib import Path
from typing import Any, Final

import click
import jmespath  # type: ignore[import-untyped]
import pytest
from botocore import xform_name
from botocore.session import Session

from chalicelib.core.observability import FIELDS
from chalicelib.payouts.rules.payout import ReviewReason
from payoutctl import payoutctl
from tests.world import load_app

RUNBOOK: Final = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text()
# Of the command line itself, for every service.
_EVERYWHERE: Final = {"query", "output", "region"}
# Fields of CloudTrail's records.
_OF_THE_TRAIL: Final = {"eventSource", "readOnly"}
# Not calls of the API, but commands of the AWS CLI of its own.
_OF_THE_CLI: Final = {("logs", "tail"): {"since", "filter-pattern", "follow", "format"}}


def commands(program: str) -> list[str]:
    """Every command in backquotes, in a block, or inside `$(…)`, in the order of the alphabet."""
    pieces = re.findall(r"`([^`\n]+)`", RUNBOOK)
    for block in re.findall(r"```sh\n(.*?)```", RUNBOOK, re.DOTALL):
        pieces += block.splitlines()
    pieces += re.findall(r"\$\((aws [^()]*)\)", RUNBOOK)
    found = [re.sub(r"\$\(.*?\)", "VALUE", piece) for piece in pieces]
    return sorted({piece for piece in found if piece.startswith(program)})


@pytest.mark.parametrize("command", commands("aws "))
def test_a_call_of_aws_exists_with_these_options(command: str) -> None:
    words = shlex.split(command)
    service, operation = words[1:3]
    # `--no-enabled` is the command line's way to say that `Enabled` is false.
    options = {word[2:].removeprefix("no-") for word in words[3:] if word.startswith("--")}
    known = _OF_THE_CLI.get((service, operation)) or _members(service, operation)
    assert options - _EVERYWHERE <= known


@pytest.mark.parametrize("command", commands("aws "))
def test_what_a_call_of_aws_picks_from_the_answer_can_be_read(command: str) -> None:
    words = shlex.split(command)
    if "--query" in words:
        assert jmespath.compile(words[words.index("--query") + 1]).parsed


def test_a_log_line_is_searched_by_fields_that_are_written() -> None:
    searched = set(re.findall(r"\$\.(\w+)", RUNBOOK))
    assert searched
    assert searched <= FIELDS | {"duration_ms"} | _OF_THE_TRAIL


def _members(service: str, operation: str) -> set[str]:
    model = Session().get_service_model(service)
    (name,) = [n for n in model.operation_names if xform_name(n, "-") == operation]
    shape: Any = model.operation_model(name).input_shape
    return {xform_name(member, "-") for member in shape.members}


@pytest.mark.parametrize("command", commands("payoutctl "))
def test_a_command_of_payoutctl_exists_and_takes_these_words(command: str) -> None:
    words = shlex.split(command)[1:]
    current: click.Command = payoutctl
    while isinstance(current, click.Group):
        current = current.commands[words.pop(0)]
    assert current.make_context(current.name, words).command is current


def test_the_runbook_has_commands_of_both() -> None:
    assert len(commands("aws ")) > 15
    assert len(commands("payoutctl ")) > 30
    assert "python -m payoutctl" not in RUNBOOK


def sections(title: str) -> dict[str, str]:
    """The sections under a heading, by their names."""
    part = RUNBOOK.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = re.split(r"^### (.+)$", part, flags=re.MULTILINE)[1:]
    return dict(zip(found[::2], found[1::2], strict=True))


@pytest.mark.parametrize("section", [*sections("Alarms"), *sections("The five risks")])
def test_a_section_says_what_it_means_where_to_look_what_to_do_and_when_it_is_over(
    section: str,
) -> None:
    text = (sections("Alarms") | sections("The five risks"))[section]
    assert re.findall(r"^\*\*(Means|Look|Do|Over)\*\*", text, re.MULTILINE)[0] == "Means"
    for word in ("Look", "Do", "Over"):
        assert re.search(rf"\*\*{word}\*\*", text, re.IGNORECASE), word


def test_the_five_risks_of_the_business_have_a_section_each() -> None:
    assert len(sections("The five risks")) == 5


def test_every_route_that_it_names_exists() -> None:
    routes = {
        (method, path) for path, methods in load_app().app.routes.items() for method in methods
    }
    named = set(re.findall(r"`(GET|POST|PATCH|DELETE) (/[^`? ]*)", RUNBOOK))
    assert named
    assert named <= routes


@pytest.mark.parametrize("reason", ReviewReason)
def test_every_reason_for_a_review_is_explained(reason: str) -> None:
    assert f"`{reason}`" in RUNBOOK


def test_every_link_inside_the_runbook_leads_to_a_section() -> None:
    headings = re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK)) <= anchors
