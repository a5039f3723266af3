"""The clock of the deployed stack."""

from tests.end_to_end.deployed import Deployed, until


def test_the_reconciler_runs_every_minute_with_nobody_asking_for_it(deployed: Deployed) -> None:
    def by_itself() -> bool:
        return len(deployed.lines("Reconcile")) > deployed.reconciliations

    until(by_itself, what="EventBridge struck", seconds=90)
