"""The schedules of the deployed stack."""

from tests.end_to_end.deployed import Deployed, json_of, until


def test_the_reconciler_runs_every_minute_on_its_schedule(deployed: Deployed) -> None:
    def scheduled_runs() -> bool:
        return len(deployed.lines("Reconcile")) > deployed.reconciliations

    until(scheduled_runs, what="EventBridge struck", seconds=90)


def test_the_morning_s_run_makes_the_reports_of_the_days_before(deployed: Deployed) -> None:
    # An earlier test may have made it already.
    deployed.stack.run_scheduled("ReconcileDaily")
    kept = json_of(deployed.call("GET", "/reports/daily"))["items"]
    assert [report["is_complete"] for report in kept] == [True] * 3
    assert deployed.stack.run_scheduled("ReconcileDaily")["reports"] == []
