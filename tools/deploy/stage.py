"""A stage: where it is deployed, and what is particular to it."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from chalicelib.control.rules.live import left_off
from chalicelib.core.stage_class import StageClass, class_of, misfit
from tools.deploy import short_forms
from tools.deploy.errors import DeployError

_TABLES: Final = ("infra", "app", "watch")
_TEMPLATES: Final = {"infra": "template.yaml", "app": "app.yaml", "watch": "watch.yaml"}


@dataclass(frozen=True, slots=True)
class Stage:
    """`infra`, `app` and `watch` are parameters of the three templates; an empty one is not given.

    `account` is the 12 digits of the only account that it may be deployed into; "" for any.
    """

    name: str
    region: str = "ap-southeast-2"
    account: str = ""
    infra: Mapping[str, str] = field(default_factory=dict)
    app: Mapping[str, str] = field(default_factory=dict)
    watch: Mapping[str, str] = field(default_factory=dict)

    @property
    def infra_stack(self) -> str:
        return f"monoova-payouts-{self.name}-infra"

    @property
    def app_stack(self) -> str:
        return f"monoova-payouts-{self.name}"

    @property
    def watch_stack(self) -> str:
        return f"monoova-payouts-{self.name}-watch"


def read(project: Path, name: str) -> Stage:
    """The stage of `infra/stages/<name>.toml`.

    Raises:
        DeployError: there is no such file, or it has unknown settings.
    """
    file = project / "infra" / "stages" / f"{name}.toml"
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DeployError(f"There is no {file.relative_to(project)}.") from None
    except tomllib.TOMLDecodeError as error:
        raise DeployError(f"{file.relative_to(project)}: {error}") from None
    unknown = found.keys() - {"account", "region", *_TABLES}
    if unknown:
        raise DeployError(f"{file.relative_to(project)}: unknown {', '.join(sorted(unknown))}.")
    for table in _TABLES:
        if not isinstance(found.get(table, {}), dict):
            raise DeployError(f"{file.relative_to(project)}: {table} is no table.")
    if not found.get("region"):
        raise DeployError(f"{file.relative_to(project)}: names no region.")
    tables = {table: _given(found.get(table, {})) for table in _TABLES}
    return Stage(name, found["region"], found.get("account", ""), **tables)


def require_filled_in(project: Path, stage: Stage) -> None:
    """Check that the stage's file has each value that no template has a default for.

    Parameters that take an output of the infrastructure, and secrets, which are asked for, do not
    belong into the file.

    Raises:
        DeployError: with the file's name and all that is missing in it.
    """
    templates = {table: _template(project, name) for table, name in _TEMPLATES.items()}
    from_elsewhere = {"Stage", *templates["infra"]["Outputs"]}
    missing = [
        f"\n  {name:<22} under [{table}]"
        for table, template in templates.items()
        for name, parameter in template["Parameters"].items()
        if name not in from_elsewhere | getattr(stage, table).keys()
        and not {"Default", "NoEcho"} & parameter.keys()
    ]
    if missing:
        raise DeployError(
            f"infra/stages/{stage.name}.toml is not filled in. Nothing was created or changed; "
            f"it needs a value for{''.join(missing)}"
        )


def require_fitting_environment(project: Path, stage: Stage) -> None:
    """Check that the stage pays in the environment of Monoova that its class is for.

    Raises:
        DeployError: with why not.
    """
    parameters = _template(project, _TEMPLATES["infra"])["Parameters"]
    environment, base_url = (
        stage.infra.get(name, parameters[name]["Default"])
        for name in ("MonoovaEnvironment", "MonoovaBaseUrl")
    )
    given = stage.app.get("StageClass", "")
    wrong = misfit(StageClass(given) if given else class_of(stage.name), environment, base_url)
    if wrong:
        raise DeployError(
            f"infra/stages/{stage.name}.toml: {wrong} Nothing was created or changed."
        )


def require_nothing_left_off(project: Path, stage: Stage) -> None:
    """Check that a stage that pays with real money has every control on.

    Raises:
        DeployError: with each value that is missing or not safe.
    """
    given = stage.app.get("StageClass", "")
    if (StageClass(given) if given else class_of(stage.name)) is not StageClass.PROD:
        return
    environment = _environment(project, stage)
    missing = [
        f"\n  {environment[rule.setting][0]}: {rule.needs}"
        for rule in left_off({setting: value for setting, (_, value) in environment.items()})
    ]
    if missing:
        raise DeployError(
            f"infra/stages/{stage.name}.toml leaves off what a stage needs that pays with real"
            f" money. Nothing was created or changed; it needs{''.join(missing)}"
        )


def _environment(project: Path, stage: Stage) -> dict[str, tuple[str, str]]:
    """Of each variable the parameter that it is, and its value; outputs stand for themselves."""
    config = json.loads((project / ".chalice" / "config.json").read_text(encoding="utf-8"))
    parameters = _template(project, _TEMPLATES["app"])["Parameters"]
    outputs = _template(project, _TEMPLATES["infra"])["Outputs"]
    found: dict[str, tuple[str, str]] = {}
    for setting, placeholder in config["environment_variables"].items():
        name = placeholder[2:-1]
        usual = name if name in outputs else str(parameters[name].get("Default", ""))
        found[setting] = (name, stage.app.get(name, usual))
    is_on = stage.infra.get("RequireMfa") == "true"
    return found | {"SIGN_IN_MFA": ("RequireMfa", "required" if is_on else "optional")}


def _template(project: Path, name: str) -> dict[str, Any]:
    return short_forms.loaded((project / "infra" / name).read_text(encoding="utf-8"))


def _given(table: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in table.items() if str(value)}
