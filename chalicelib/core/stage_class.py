"""Whether a stage pays with real money, and which of Monoova's environments fits it."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

# One hyphen apart: the live host, and the sandbox's, where no money moves.
HOSTS: Final[Mapping[str, str]] = {
    "live": "https://api.mpay.com.au",
    "sandbox": "https://api.m-pay.com.au",
}
_LOOPBACK: Final = re.compile(r"http://(127\.0\.0\.1|localhost)(:[0-9]+)?(/.*)?")


class StageClass(StrEnum):
    """What a stage is for: `prod` pays with real money, `dev` never does."""

    PROD = "prod"
    DEV = "dev"

    @property
    def environment(self) -> str:
        """Monoova's environment that fits."""
        return "live" if self is StageClass.PROD else "sandbox"


def class_of(stage: str) -> StageClass:
    """The class of a stage by its name, where none is given."""
    return StageClass.PROD if re.fullmatch(r"prod(-.*)?", stage) else StageClass.DEV


def misfit(stage: StageClass, environment: str, base_url: str) -> str | None:
    """Why Monoova's secret does not fit the stage, in words that quote nothing of it; None if it
    does.

    A simulator on the same machine stands for the sandbox.
    """
    if environment != stage.environment:
        return (
            f"A stage of the class {stage} needs a secret of Monoova's {stage.environment}"
            f" environment, and the secret is for {_named(environment)}."
        )
    is_simulator = environment == "sandbox" and _LOOPBACK.fullmatch(base_url)
    if base_url != HOSTS[environment] and not is_simulator:
        return f"The baseUrl of Monoova's secret is not the {environment} host."
    return None


def _named(environment: str) -> str:
    return environment if environment in HOSTS else "another"
