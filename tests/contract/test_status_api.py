"""The status API: a payout asked about by reference, and among all payouts of a day."""

from datetime import date, timedelta
from typing import Final

import pytest

from chalicelib.monoova.rules.outcome import Accepted, Report, Standing
from chalicelib.payouts.rules.schedule import Policy
from simulator.outcomes import Outcome
from tests.contract.targets import Simulated, Target

_DAY: Final = timedelta(days=1)
_WORDS: Final = {"Complete", "Pending", "Rejected", "Dishonoured", "WaitingOnClearedFunds"}


def sent(target: Target) -> str:
    """The reference of a payout that was just taken."""
    order = target.order()
    assert isinstance(target.execute(order), Accepted)
    return order.unique_reference


def days_around(target: Target) -> tuple[date, date]:
    """The days that the reconciler asks for."""
    return (target.now() - _DAY).date(), (target.now() + _DAY).date()


@pytest.mark.assumption("STATUS-UNKNOWN-NAME")
def test_a_reference_that_was_never_used_is_unknown(monoova: Target) -> None:
    assert monoova.standing(monoova.order().unique_reference) is Standing.UNKNOWN_REFERENCE
    assert monoova.wire.last.json["status"] == "UniqueIdNotFound"


@pytest.mark.assumption("STATUS-UNKNOWN-HTTP")
@pytest.mark.parametrize("http", [200, 400, 404])
def test_unknown_is_unknown_under_any_http_code(simulated: Simulated, http: int) -> None:
    simulated.monoova.behave(unknown_reference_http=http)
    assert simulated.standing("never-used") is Standing.UNKNOWN_REFERENCE
    assert simulated.wire.last.http_status == http


@pytest.mark.assumption("STATUS-VISIBLE")
def test_a_booked_payout_is_known_within_the_grace_period(monoova: Target) -> None:
    reference, began_at = sent(monoova), monoova.now()
    grace = timedelta(seconds=Policy().grace_seconds)
    while monoova.standing(reference) is Standing.UNKNOWN_REFERENCE:
        assert monoova.now() - began_at < grace
        monoova.wait(10)
    assert monoova.standing(reference) in (Standing.PENDING, Standing.COMPLETE)


@pytest.mark.assumption("STATUS-VISIBLE")
def test_a_monoova_that_shows_payouts_late_looks_as_if_it_did_not_know_them(
    simulated: Simulated,
) -> None:
    simulated.monoova.behave(visibility_seconds=60)
    reference = sent(simulated)
    assert simulated.times_paid(reference) == 1
    assert simulated.standing(reference) is Standing.UNKNOWN_REFERENCE
    simulated.wait(60)
    assert simulated.standing(reference) is not Standing.UNKNOWN_REFERENCE


@pytest.mark.assumption("STATUS-FORM")
def test_a_status_is_one_of_the_known_words_on_our_reference(monoova: Target) -> None:
    reference = sent(monoova)
    report, _ = monoova.client.status_of(reference)
    reply = monoova.wire.last.json
    assert reply["transactionStatus"] in _WORDS
    assert reply["uniqueReference"] == reference
    assert reply.get("status", "Ok") == "Ok"
    assert report.standing is not Standing.UNCLEAR


@pytest.mark.assumption("STATUS-BARE")
def test_a_status_without_the_envelope_reads_the_same(simulated: Simulated) -> None:
    reference = sent(simulated)
    whole, _ = simulated.client.status_of(reference)
    simulated.monoova.behave(bare_status_replies=True)
    bare, _ = simulated.client.status_of(reference)
    assert "status" not in simulated.wire.last.json
    assert bare == whole
    assert bare.standing is Standing.PENDING


@pytest.mark.assumption("STATUS-SETTLES")
def test_a_payout_comes_to_its_end(monoova: Target) -> None:
    report = monoova.settled(sent(monoova))
    assert report.standing in (Standing.COMPLETE, Standing.REJECTED)
    assert monoova.wire.last.json["completedDate"]


@pytest.mark.assumption("STATUS-REJECTED")
@pytest.mark.parametrize(
    ("outcome", "standing", "date_field"),
    [
        (Outcome.REJECTED, Standing.REJECTED, "completedDate"),
        (Outcome.DISHONOURED, Standing.DISHONOURED, "dishonouredDate"),
    ],
)
def test_what_the_bank_did_not_pay_is_back_in_the_account(
    simulated: Simulated, outcome: Outcome, standing: Standing, date_field: str
) -> None:
    simulated.monoova.script(outcome)
    reference = sent(simulated)
    report = simulated.settled(reference)
    assert report.standing is standing
    # A date alone proves no success: rejected payouts have one too.
    assert simulated.wire.last.json[date_field]
    assert report.description
    assert simulated.monoova.book.paid_out(reference) == 0


@pytest.mark.assumption("STATUS-AFTER-RETURN")
def test_the_status_api_does_not_know_of_returns(simulated: Simulated) -> None:
    simulated.monoova.script(Outcome.RETURNED)
    reference = sent(simulated)
    simulated.wait(600)
    assert simulated.monoova.book.paid_out(reference) == 0
    assert simulated.standing(reference) is Standing.COMPLETE


@pytest.mark.assumption("DATES-FORM", "DATES-COVER")
def test_the_status_by_date_equals_the_status_by_reference(monoova: Target) -> None:
    references = [sent(monoova), sent(monoova)]
    singly = [monoova.settled(reference).standing for reference in references]
    reports, _ = monoova.client.reports(*days_around(monoova))
    items = {item["uniqueReference"]: item for item in monoova.wire.last.json["statuses"]}
    assert [reports[reference].standing for reference in references] == singly
    assert {items[reference]["transactionStatus"] for reference in references} <= _WORDS


@pytest.mark.assumption("DATES-COVER")
def test_a_payout_that_is_still_pending_is_found_by_date(monoova: Target) -> None:
    reference = sent(monoova)
    reports, _ = monoova.client.reports(*days_around(monoova))
    assert reports[reference].standing in (Standing.PENDING, Standing.COMPLETE)


@pytest.mark.assumption("DATES-COVER")
@pytest.mark.parametrize("status_date", ["executed", "completed"])
@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_a_payout_of_any_hour_is_found_by_date(
    simulated: Simulated, hour: int, status_date: str
) -> None:
    simulated.monoova.behave(status_date=status_date)
    simulated.wait(hour * 3600)
    reference = sent(simulated)
    simulated.wait(300)
    reports, _ = simulated.client.reports(*days_around(simulated))
    assert reports[reference].standing is Standing.COMPLETE


@pytest.mark.assumption("DATES-ABSENCE")
@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_a_last_day_that_does_not_count_leaves_some_out_and_calls_none_unknown(
    simulated: Simulated, hour: int
) -> None:
    simulated.monoova.behave(end_date_inclusive=False)
    simulated.wait(hour * 3600)
    reference = sent(simulated)
    reports, _ = simulated.client.reports(*days_around(simulated))
    # Tomorrow in UTC is today in Sydney for half of the day.
    assert reports.get(reference) in (None, simulated.client.status_of(reference)[0])


@pytest.mark.assumption("DATES-ABSENCE")
def test_a_list_by_day_of_completion_leaves_out_what_is_pending(simulated: Simulated) -> None:
    simulated.monoova.behave(status_date="completed")
    reference = sent(simulated)
    reports, _ = simulated.client.reports(*days_around(simulated))
    assert reference not in reports
    assert simulated.times_paid(reference) == 1
    # Only a request by reference is answered.
    assert simulated.client.status_of(reference)[0] == Report(
        Standing.PENDING, simulated.wire.last.json["statusDescription"]
    )
