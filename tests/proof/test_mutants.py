"""A proof that nothing can fail proves nothing: faults are put in, and must be seen."""

import os
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from proof.catching import SHORT, first_catch
from proof.mutants import MUTANTS


def test_every_mutant_is_caught_by_a_few_interleavings_or_days() -> None:
    with ProcessPoolExecutor(os.cpu_count(), max_tasks_per_child=1) as pool:
        tried = pool.map(first_catch, range(len(MUTANTS)), [SHORT] * len(MUTANTS))
        survivors = [
            mutant.name
            for mutant, catches in zip(MUTANTS, tried, strict=True)
            if not catches[-1].violation
        ]
    assert survivors == []
    assert len(MUTANTS) >= 12


def test_a_mutant_is_gone_when_it_was_tried() -> None:
    for mutant in MUTANTS:
        before = [_standing(owner, name) for owner, name, _ in mutant.patches]
        with mutant.alive():
            during = [_standing(owner, name) for owner, name, _ in mutant.patches]
            assert during == [new for _, _, new in mutant.patches]
        assert [_standing(owner, name) for owner, name, _ in mutant.patches] == before


def _standing(owner: Any, name: Any) -> object:
    return owner[name] if isinstance(owner, dict) else vars(owner)[name]
