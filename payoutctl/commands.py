"""Commands and groups of payoutctl: each has `--json`, and errors in its form."""

from collections.abc import Callable
from typing import Any, Final

import click

from payoutctl.exits import Failure
from payoutctl.session import Session


def _ask_for_json(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    session = context.find_object(Session)
    if value and session is not None:
        session.out.is_json = True


class Command(click.Command):
    """A command that can answer with one JSON document."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["--json"],
                is_flag=True,
                expose_value=False,
                callback=_ask_for_json,
                help="One JSON document on stdout, and nothing else there.",
            )
        )

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except Failure as failure:
            session = context.find_object(Session)
            failure.is_json = session is not None and session.out.is_json
            raise


class Group(click.Group):
    """A group of `Command`s."""

    command_class = Command
    group_class = type


Decorated = Callable[[Callable[..., Any]], Callable[..., Any]]

yes: Final[Decorated] = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
limit: Final[Decorated] = click.option(
    "--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="The most to list."
)
cursor: Final[Decorated] = click.option("--cursor", help="The next_cursor of the previous page.")
everything: Final[Decorated] = click.option("--all", "is_all", is_flag=True, help="All pages.")
