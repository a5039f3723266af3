"""Short cases: each holds in the app as it is, and is the witness of a mutant."""

from pathlib import Path

import pytest

from proof.cases import CASES, judged
from proof.catching import WITNESS_CASES
from proof.crash_points import Flow
from proof.mutants import MUTANTS


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_keeps_the_promises(case: Flow, tmp_path: Path) -> None:
    assert judged(case, tmp_path) == []


def test_every_case_is_the_witness_of_a_mutant() -> None:
    assert {case.name for case in CASES} == set(WITNESS_CASES.values())
    assert WITNESS_CASES.keys() <= {mutant.name for mutant in MUTANTS}
