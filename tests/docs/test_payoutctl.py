"""docs/payoutctl.md has every command, and names nothing that is not there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from payoutctl import payoutctl
from payoutctl.exits import MEANINGS

PAGE: Final = (Path(__file__).parents[2] / "docs" / "payoutctl.md").read_text()
_ROW: Final = re.compile(r"^\| `payoutctl ([a-z -]+)` \| (.*) \|$", re.MULTILINE)
# Not of one command: `--json`, and what stands before one.
_EVERYWHERE: Final = {"--json", "--yes", "--local", "--as", "--profile", "--help"}


def commands(
    group: click.Group = payoutctl, words: str = ""
) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        path = f"{words} {name}".strip()
        if isinstance(command, click.Group):
            yield from commands(command, path)
        else:
            yield path, command


def options(command: click.Command) -> set[str]:
    return {word for each in command.params for word in each.opts if word.startswith("-")}


def test_every_command_has_a_row_and_every_row_a_command() -> None:
    assert {path for path, _ in _ROW.findall(PAGE)} == {path for path, _ in commands()}


def test_a_row_names_options_that_its_command_takes() -> None:
    known = dict(commands())
    for path, words in _ROW.findall(PAGE):
        named = set(re.findall(r"(--[a-z-]+)", words)) - _EVERYWHERE
        assert named <= options(known[path]), path


def test_every_command_and_option_says_what_it_is_for() -> None:
    for path, command in commands():
        assert command.help, path
        assert "--json" in options(command), path


def test_a_command_that_asks_aws_or_monoova_itself_is_marked() -> None:
    marked = {path for path, words in _ROW.findall(PAGE) if "Asks **AWS**" in words}
    at_monoova = {f"webhooks {verb}" for verb in ("subscribe", "list", "report", "resend")}
    at_aws = {"configure", "contract record", "finish", "profile"}
    at_aws |= {"users disable", "users enable"}
    assert marked == at_monoova | at_aws | {"key check", "doctor"}


def test_the_exit_codes_are_those_of_the_code() -> None:
    table = PAGE.partition("## Exit codes")[2].partition("## Commands")[0]
    found = {int(code): words for code, words in re.findall(r"\| (\d) \| (.*) \|", table)}
    assert found == {code.value: words for code, words in MEANINGS.items()}


def test_what_the_examples_type_is_understood() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    typed = [shlex.split(line, comments=True) for line in lines if line.startswith("payoutctl ")]
    known = dict(commands())
    assert typed
    for words in typed:
        path = next((p for p in known if words[1 : 1 + len(p.split())] == p.split()), None)
        assert path or words[1:] in (["--help"], ["--version"]), words
        if path:
            assert {w for w in words if w.startswith("-")} <= options(known[path]), words
