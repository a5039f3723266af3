"""`contract record`, and what `doctor` and the API make of what is recorded."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.core.stage_class import HOSTS
from payoutctl.exits import Exit
from simulator.monoova import API_KEY
from tests.payoutctl.terminal import Terminal
from tests.payoutctl.test_payoutctl_doctor import PREFIX, Deployment
from tests.world import LIVE, World

_CHECK = "Payouts in doubt: sent again"


@pytest.fixture
def unproven(terminal: Terminal) -> World:
    """A stage without the record of a contract run."""
    terminal.world.forget_contract_run()
    return terminal.world


def written(folder: Path, world: World, **more: str) -> str:
    """A record as `make contract` writes it, made now."""
    usual = {"run_at": world.clock().isoformat(), "environment": "sandbox"}
    file = folder / "contract-run.json"
    file.write_text(json.dumps(usual | {"duplicates": "refused"} | more))
    return str(file)


def test_a_run_that_is_recorded_stands_in_the_gate_and_is_shown(
    terminal: Terminal, unproven: World, tmp_path: Path
) -> None:
    assert unproven.admin.get("/sending").json["contract_run"] is None
    shown = terminal.json("contract", "record", written(tmp_path, unproven))
    run = unproven.admin.get("/sending").json["contract_run"]
    assert shown["contract_run"] == run
    assert (run["environment"], run["duplicates"]) == ("sandbox", "refused")
    assert "duplicates refused" in terminal("breaker", "show").stdout


@pytest.mark.parametrize(
    ("more", "words", "ends"),
    [
        ({"environment": "simulator"}, "shows nothing of Monoova", Exit.REFUSED),
        ({"duplicates": "unclear"}, "did not show", Exit.REFUSED),
        ({"run_at": "yesterday"}, "is no time", Exit.USAGE),
        ({"run_at": "2099-01-01T00:00:00+00:00"}, "in the future", Exit.USAGE),
    ],
)
def test_a_record_that_shows_nothing_of_monoova_is_refused(
    terminal: Terminal,
    unproven: World,
    tmp_path: Path,
    more: dict[str, str],
    words: str,
    ends: Exit,
) -> None:
    refused = terminal("contract", "record", written(tmp_path, unproven, **more), ends=ends)
    assert words in refused.stderr
    assert unproven.container.gatekeeper.look().contract_run_at is None


@pytest.mark.parametrize("text", ["", "[]", '{"run_at": 7}'])
def test_a_file_of_another_kind_is_refused(terminal: Terminal, tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(text)
    refused = terminal("contract", "record", str(file), ends=Exit.USAGE)
    assert "make contract" in refused.stderr


def test_doctor_says_what_a_live_stage_sends_again_and_why(terminal: Terminal) -> None:
    deployment, world = Deployment(terminal), terminal.world
    deployment.lambdas.update_function_configuration(
        FunctionName=PREFIX, Environment={"Variables": world.environment | LIVE}
    )
    world.store_secret(API_KEY, environment="live", baseUrl=HOSTS["live"])

    def verdict() -> str:
        return deployment.doctor("--no-login", ends=Exit.CHECK_FAILED)[_CHECK]

    assert verdict() == "ok"
    world.forget_contract_run()
    assert verdict() == "not seen"
    world.container.gatekeeper.note_booked_twice(world.clock() - timedelta(hours=1))
    assert verdict() == "failed"
