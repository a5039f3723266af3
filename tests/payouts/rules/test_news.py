"""What a webhook does to a payout, by how far it is believed; what money that comes back does."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from chalicelib.payouts.rules.decisions import Note, OpenFacts, change_for
from chalicelib.payouts.rules.news import (
    Credit,
    Notice,
    NoticeKind,
    ReportedReturn,
    Trust,
    after_credit,
    after_notice,
    after_question,
    after_shared_credit,
    fits,
    reported_returns,
    signed_returns,
)
from chalicelib.payouts.rules.payout import (
    FINAL,
    OPEN,
    PENDING,
    Change,
    Event,
    FailureCode,
    Fields,
    HistoryEntry,
    Payout,
    ReviewReason,
    State,
    applied,
    sums_given_back,
)
from chalicelib.payouts.rules.returns import payable_again_cents
from tests.payouts.builder import NOW
from tests.payouts.rules.test_life_cycle import LATER, payout_in

PAID, REJECTED, RETURNED = NoticeKind.PAID, NoticeKind.REJECTED, NoticeKind.RETURNED
QUARTER: Final = LATER + timedelta(minutes=15)
LOOKED_UP: Final = (State.ACCEPTED, State.UNRESOLVED)
HALF: Final = 6275


def sent(state: State, **fields: Any) -> Payout:
    return replace(payout_in(state), last_sent_at=NOW, **fields)


def notice(kind: NoticeKind = PAID, **fields: Any) -> Notice:
    usual: dict[str, Any] = {
        "amount_cents": 12550,
        "monoova_transaction_id": "77",
        "trust": Trust.SIGNED,
    }
    return Notice(kind, "id", **(usual | fields))


def told(payout: Payout, *news: Notice | Credit) -> Payout:
    """The payout after each of them, a moment apart."""
    for each in news:
        change = (
            after_notice(payout, each, LATER)
            if isinstance(each, Notice)
            else after_credit(payout, each, LATER, "reconciler")
        )
        assert {entry.at for entry in change.entries} <= {LATER}
        payout = payout if change.is_empty else applied(payout, change, LATER)
    return payout


def last_entries(change: Change) -> set[tuple[str, str, str | None, str | None]]:
    assert {entry.at for entry in change.entries} <= {LATER}
    return {(entry.event, entry.by, entry.detail, entry.evidence) for entry in change.entries}


# --- signed


@pytest.mark.parametrize("state", sorted(PENDING))
@pytest.mark.parametrize("kind", [PAID, REJECTED])
def test_signed_news_settles_every_pending_payout_even_under_review(
    kind: NoticeKind, state: State
) -> None:
    payout = sent(state, needs_review=True, review_reason=ReviewReason.OUTCOME_UNKNOWN)
    after = told(payout, notice(kind))
    assert after.state is (State.COMPLETED if kind is PAID else State.FAILED)
    assert (after.needs_review, after.due_at) == (False, None)


def test_an_event_without_a_number_changes_the_payout_but_not_its_number() -> None:
    change = after_notice(sent(State.ACCEPTED), notice(monoova_transaction_id=None), LATER)
    assert change.fields["state"] is State.COMPLETED
    assert "monoova_transaction_id" not in change.fields


def test_the_number_may_be_missing_in_the_event_or_in_the_payout() -> None:
    unnumbered = sent(State.ACCEPTED)
    for kind in (PAID, RETURNED):
        change = after_notice(unnumbered, notice(kind), LATER)
        assert change.fields["monoova_transaction_id"] == "77"
        nameless = notice(kind, monoova_transaction_id="")
        assert "monoova_transaction_id" not in after_notice(unnumbered, nameless, LATER).fields
        numbered = sent(State.ACCEPTED, monoova_transaction_id="77")
        assert "monoova_transaction_id" not in after_notice(numbered, notice(kind), LATER).fields


@pytest.mark.parametrize(
    ("kind", "event", "code"),
    [
        (REJECTED, "SettledRejected", FailureCode.BANK_REJECTED),
        (RETURNED, "MoneyReturned", FailureCode.RETURNED),
    ],
)
@pytest.mark.parametrize("reason", [None, "closed account"])
def test_a_rejection_or_return_is_recorded_with_its_reason_and_kept_as_evidence(
    kind: NoticeKind, event: str, code: FailureCode, reason: str | None
) -> None:
    payout = sent(State.ACCEPTED, monoova_transaction_id="77")
    change = after_notice(payout, notice(kind, reason=reason), LATER)
    unnumbered = after_notice(replace(payout, monoova_transaction_id=None), notice(kind), LATER)
    assert unnumbered.fields["failure_code"] is code
    assert unnumbered.fields["monoova_transaction_id"] == "77"
    assert change.fields["failure_code"] is code
    assert change.fields["failure_reason"] == (reason or kind.value)
    assert last_entries(change) == {(event, "monoova", reason, f"{kind.value}:12550:77")}


def test_an_event_without_a_reason_is_recorded_without_one() -> None:
    change = after_notice(sent(State.ACCEPTED), notice(), LATER)
    evidence = "PaymentSuccessful:12550:77"
    assert last_entries(change) == {("SettledComplete", "monoova", None, evidence)}


@pytest.mark.parametrize("amount", [12551, 12549, None])
@pytest.mark.parametrize("trust", [Trust.SIGNED, Trust.SECRET])
@pytest.mark.parametrize("state", sorted(PENDING))
def test_another_amount_is_a_contradiction_and_the_status_api_is_asked(
    state: State, trust: Trust, amount: int | None
) -> None:
    news = notice(amount_cents=amount, trust=trust)
    payout = sent(state)
    change = after_notice(payout, news, LATER)
    detail = f"PaymentSuccessful with another amount: {amount} cents"
    assert last_entries(change) == {("Contradicted", "monoova", detail, news.evidence)}
    after = applied(payout, change, LATER)
    assert (after.state, after.needs_review) == (state, True)
    assert after.due_at == (LATER if state in LOOKED_UP else NOW)
    assert after_notice(after, news, LATER).is_empty


def test_an_event_can_be_decided_on_before_the_payout_is_read() -> None:
    for trust in (Trust.SIGNED, Trust.SECRET):
        change = after_notice(OpenFacts(12550, None), notice(trust=trust), LATER)
        assert change.fields["state"] is State.COMPLETED
        assert change.fields["monoova_transaction_id"] == "77"


# --- not signed, or of another number


def test_news_that_does_not_say_how_it_came_is_a_hint_without_a_reason_or_a_number() -> None:
    bare = Notice(PAID, "id", 1, None)
    assert (bare.reason, bare.return_id, bare.trust) == (None, None, Trust.HINT)


def test_what_proves_nothing_is_kept_as_monoovas_word_and_marked_as_a_hint() -> None:
    hint = notice(REJECTED, trust=Trust.HINT)
    detail, evidence = "Rejected, not signed", "hint:Rejected:12550:77"
    assert after_notice(sent(State.ACCEPTED), hint, LATER).entries == (
        HistoryEntry(LATER, "Hinted", State.ACCEPTED, "monoova", detail, evidence),
    )
    returned = back(12550, "9", Trust.SECRET, reason="closed")
    detail, evidence = "NppReturn, not signed: closed", "hint:NppReturn:12550:9"
    assert after_notice(sent(State.COMPLETED), returned, LATER).entries == (
        HistoryEntry(LATER, "ReturnReported", State.COMPLETED, "monoova", detail, evidence),
    )


@pytest.mark.parametrize("trust", [Trust.SECRET, Trust.HINT])
@pytest.mark.parametrize("kind", [PAID, REJECTED])
@pytest.mark.parametrize("state", sorted(State))
@pytest.mark.parametrize("in_review", [False, True])
def test_unsigned_news_ends_nothing_but_an_accepted_payout_that_is_undisputed(
    in_review: bool, state: State, kind: NoticeKind, trust: Trust
) -> None:
    reason = ReviewReason.STILL_PENDING if in_review else None
    payout = sent(state, needs_review=in_review, review_reason=reason)
    after = told(payout, notice(kind, trust=trust))
    may_settle = (kind, trust, state) == (PAID, Trust.SECRET, State.ACCEPTED) and not in_review
    assert after.state is (State.COMPLETED if may_settle else state)
    if may_settle:
        return
    if state in PENDING:
        (entry,) = after.history
        assert (entry.event, entry.state) == ("Hinted", state)
        assert entry.detail == f"{kind.value}, not signed"
        assert after.due_at == (LATER if state in LOOKED_UP else NOW)
    elif trust is Trust.HINT:
        assert after == payout
    else:
        assert after.due_at == payout.due_at


@pytest.mark.parametrize("trust", [Trust.SIGNED, Trust.SECRET])
@pytest.mark.parametrize("kind", [PAID, REJECTED])
@pytest.mark.parametrize("state", LOOKED_UP)
def test_news_of_another_transaction_makes_us_ask_instead_of_flagging(
    state: State, kind: NoticeKind, trust: Trust
) -> None:
    payout = sent(state, monoova_transaction_id="77")
    news = notice(kind, monoova_transaction_id="78", trust=trust, reason="closed")
    after = told(payout, news)
    assert (after.state, after.needs_review, after.due_at) == (state, False, LATER)
    unsigned = "" if trust is Trust.SIGNED else ", not signed"
    detail = f"{kind.value}{unsigned}, of another transaction: 78: closed"
    assert [(e.event, e.detail) for e in after.history] == [("Hinted", detail)]


@pytest.mark.parametrize(("state", "kind"), [(State.COMPLETED, PAID), (State.FAILED, REJECTED)])
def test_news_of_another_transaction_that_says_what_is_known_changes_nothing(
    state: State, kind: NoticeKind
) -> None:
    payout = sent(state, monoova_transaction_id="77")
    assert after_notice(payout, notice(kind, monoova_transaction_id="78"), LATER).is_empty


def test_after_unsigned_bad_news_no_unsigned_good_news_is_believed() -> None:
    paid = notice(PAID, trust=Trust.SECRET)
    for trust in (Trust.SECRET, Trust.HINT):
        disputed = told(sent(State.ACCEPTED), notice(REJECTED, trust=trust))
        assert disputed.disputed_at == LATER
        after = told(disputed, paid)
        assert (after.state, after.due_at) == (State.ACCEPTED, LATER)
        assert told(disputed, notice(PAID)).state is State.COMPLETED
    # Good news disputes nothing, and the first dispute's time stays.
    hinted = told(sent(State.ACCEPTED), notice(PAID, trust=Trust.HINT))
    assert (hinted.disputed_at, told(hinted, paid).state) == (None, State.COMPLETED)
    early = sent(State.ACCEPTED, disputed_at=NOW)
    assert told(early, notice(REJECTED, trust=Trust.HINT)).disputed_at == NOW


def test_the_same_hint_is_kept_once_and_makes_us_ask_each_time() -> None:
    once = told(sent(State.ACCEPTED), notice(REJECTED, trust=Trust.HINT))
    again = told(replace(once, due_at=NOW + timedelta(hours=1)), notice(REJECTED, trust=Trust.HINT))
    assert (len(again.history), again.due_at) == (1, LATER)
    signed = notice(REJECTED, monoova_transaction_id="78")
    twice = told(sent(State.ACCEPTED, monoova_transaction_id="77"), signed)
    assert after_notice(twice, signed, LATER + timedelta(minutes=1)).is_empty


# --- a signed return


def back(cents: int, number: str | None, trust: Trust = Trust.SIGNED, **more: Any) -> Notice:
    return notice(RETURNED, amount_cents=cents, return_id=number, trust=trust, **more)


@pytest.mark.parametrize("state", [*sorted(PENDING), State.COMPLETED])
def test_a_signed_return_of_all_is_a_return_whose_credit_is_looked_for(state: State) -> None:
    after = told(sent(state), back(12550, "9", reason="closed"))
    assert (after.state, after.needs_review) == (State.RETURNED, False)
    assert (after.failure_code, after.failure_reason) == (FailureCode.RETURNED, "closed")
    assert (after.returned_cents, after.return_seen_cents) == (12550, 0)
    assert (after.return_reported_at, after.return_seen_at) == (LATER, None)
    assert after.due_at == QUARTER
    assert payable_again_cents(after) == 0
    passed = [State.COMPLETED] if state in PENDING else []
    assert [entry.state for entry in after.history] == [*passed, State.RETURNED]


@pytest.mark.parametrize("state", [*sorted(PENDING), State.COMPLETED])
def test_two_equal_halves_are_two_and_make_the_whole(state: State) -> None:
    half = told(sent(state), back(HALF, "9"), back(HALF, "9"))
    assert (half.state, half.needs_review) == (State.COMPLETED, True)
    assert half.review_reason is ReviewReason.PART_RETURNED
    assert (half.returned_cents, half.failure_code) == (HALF, None)
    assert (half.return_reported_at, half.due_at) == (LATER, QUARTER)
    whole = told(half, back(HALF, "10"), back(HALF, "10"), back(HALF, "9"))
    assert (whole.state, whole.needs_review) == (State.RETURNED, False)
    assert (whole.returned_cents, whole.due_at) == (12550, QUARTER)


def test_a_part_leaves_a_contradiction_the_reason_for_the_review() -> None:
    for state in (State.ACCEPTED, State.COMPLETED):
        disputed = sent(state, needs_review=True, review_reason=ReviewReason.CONTRADICTION)
        after = told(disputed, back(HALF, "9"))
        assert (after.returned_cents, after.needs_review) == (HALF, True)
        assert after.review_reason is ReviewReason.CONTRADICTION


@pytest.mark.parametrize(
    "parts", [(12551,), (HALF, HALF + 1), (12550, 12550), (HALF, HALF, 1)], ids=str
)
def test_more_than_was_paid_is_a_contradiction(parts: tuple[int, ...]) -> None:
    news = [back(cents, str(number + 1)) for number, cents in enumerate(parts)]
    before = told(sent(State.COMPLETED), *news[:-1])
    after = told(before, news[-1], news[-1])
    assert (after.state, after.returned_cents) == (before.state, before.returned_cents)
    assert (after.needs_review, after.review_reason) == (True, ReviewReason.CONTRADICTION)
    entry, detail = after.history[-1], f"NppReturn of {parts[-1]} cents: more than was paid"
    assert (entry.by, entry.detail, entry.evidence) == ("monoova", detail, news[-1].evidence)
    assert len(after.history) == len(before.history) + 1


@pytest.mark.parametrize("cents", [None, 0, -1])
def test_a_return_of_no_amount_is_a_contradiction(cents: int | None) -> None:
    after = told(sent(State.COMPLETED), back(cents, "9"))  # type: ignore[arg-type]
    assert (after.state, after.review_reason) == (State.COMPLETED, ReviewReason.CONTRADICTION)
    assert told(sent(State.COMPLETED), back(1, "9")).returned_cents == 1


def test_a_return_that_was_kept_before_returns_had_numbers_is_the_same_return() -> None:
    old = HistoryEntry(
        NOW, Event.MONEY_RETURNED, State.RETURNED, "monoova", None, "NppReturn:12550:77"
    )
    payout = sent(State.RETURNED, history=(old,))
    assert told(payout, back(12550, "9")) == payout


@pytest.mark.parametrize("state", [State.QUEUED, State.AWAITING_APPROVAL, State.FAILED])
@pytest.mark.parametrize("cents", [12550, HALF])
def test_a_return_of_what_was_not_paid_is_a_contradiction(state: State, cents: int) -> None:
    for trust in (Trust.SIGNED, Trust.SECRET):
        before = sent(state)
        after = told(before, back(cents, "9", trust))
        assert (after.state, after.needs_review, after.returned_cents) == (state, True, 0)
        assert (after.due_at, after.return_reported_at) == (before.due_at, None)
    assert told(sent(state), back(cents, "9", Trust.HINT)) == sent(state)


# --- a return that nothing proves yet


@pytest.mark.parametrize(
    "news",
    [
        back(12550, "9", Trust.SECRET),
        back(12550, "9", Trust.HINT),
        back(12550, "9", monoova_transaction_id="78"),
    ],
    ids=["secret", "hint", "another number"],
)
def test_an_unproven_return_is_looked_for_and_changes_no_status(news: Notice) -> None:
    after = told(sent(State.COMPLETED, monoova_transaction_id="77"), news)
    assert (after.state, after.needs_review) == (State.COMPLETED, False)
    assert (after.return_reported_at, after.due_at) == (LATER, QUARTER)
    assert (after.returned_cents, after.return_seen_at) == (0, None)
    assert [entry.event for entry in after.history] == ["ReturnReported"]
    assert reported_returns(after) == (ReportedReturn(12550, "9"),)


def test_more_of_the_same_does_not_put_the_question_off() -> None:
    once = told(sent(State.COMPLETED), back(12550, "9", Trust.SECRET))
    later = LATER + timedelta(minutes=10)
    more = after_notice(once, back(12550, "10", Trust.SECRET), later)
    after = applied(once, more, later)
    assert (after.due_at, after.return_reported_at) == (QUARTER, LATER)
    assert len(reported_returns(after)) == 2
    assert after_notice(after, back(12550, "10", Trust.SECRET), later).is_empty


@pytest.mark.parametrize("state", sorted(PENDING))
def test_an_unproven_return_of_an_open_payout_makes_us_ask_once(state: State) -> None:
    news = back(12550, "9", Trust.HINT)
    reported = told(sent(state), news)
    assert after_notice(reported, news, LATER + timedelta(minutes=1)).is_empty


@pytest.mark.parametrize("state", sorted(PENDING))
def test_an_unproven_return_of_an_open_payout_waits_until_it_is_completed(state: State) -> None:
    reported = told(sent(state), back(12550, "9", Trust.HINT))
    assert (reported.state, reported.return_reported_at) == (state, LATER)
    assert reported.due_at == (LATER if state in LOOKED_UP else NOW)
    note = Note(LATER, "reconciler")
    completed = applied(reported, change_for(reported, Event.SETTLED_COMPLETE, note), LATER)
    assert (completed.state, completed.due_at) == (State.COMPLETED, QUARTER)
    failed = applied(reported, change_for(reported, Event.SETTLED_REJECTED, note), LATER)
    assert (failed.state, failed.due_at) == (State.FAILED, None)
    seen = replace(reported, return_seen_at=LATER)
    change = change_for(seen, Event.SETTLED_COMPLETE, note)
    assert change.fields["due_at"] is None


# --- a credit in the mAccount


@pytest.mark.parametrize(
    ("cents", "is_it"),
    [
        (12550, True),
        (12549, False),
        # What is left of it, when the mAccount has shown 550 cents.
        (12000, True),
        (13100, False),
        # A part that was told of, signed or not.
        (HALF, True),
        (77, True),
        (HALF + 77, False),
        (550, False),
    ],
)
def test_a_credit_fits_by_the_whole_by_what_is_left_or_by_a_part_that_was_told_of(
    cents: int, is_it: bool
) -> None:
    payout = told(sent(State.COMPLETED), back(HALF, "9"), back(77, "10", Trust.HINT))
    assert fits(replace(payout, return_seen_cents=550), Credit(cents, "501")) is is_it


def test_the_credit_of_a_reported_return_is_what_makes_it_payable_again() -> None:
    reported = told(sent(State.COMPLETED), back(12550, "9"))
    seen = told(reported, Credit(12550, "501"), Credit(12550, "501"))
    assert (seen.state, seen.return_seen_at, seen.due_at) == (State.RETURNED, LATER, None)
    assert (payable_again_cents(seen), len(seen.history)) == (12550, 2)
    assert (seen.history[-1].event, seen.history[-1].by) == ("ReturnSeen", "reconciler")


def test_a_credit_of_all_makes_a_completed_payout_returned_by_itself() -> None:
    for before in (
        sent(State.COMPLETED),
        told(sent(State.COMPLETED), back(12550, "9", Trust.HINT)),
    ):
        after = told(before, Credit(12550, "501"))
        assert (after.state, after.returned_cents) == (State.RETURNED, 12550)
        assert (after.return_seen_at, after.due_at) == (LATER, None)
        assert after.failure_code is FailureCode.RETURNED
        assert after.failure_reason == "The mAccount shows the money that came back."
        # Monoova's word of it, late: nothing new.
        assert told(after, back(12550, "9")) == after


@pytest.mark.parametrize("trust", [Trust.SIGNED, Trust.HINT])
def test_a_half_that_was_told_of_is_awaited_though_the_other_was_seen(trust: Trust) -> None:
    reported = told(sent(State.COMPLETED), back(HALF, "9", trust), back(HALF, "10", trust))
    half = told(replace(reported, state=State.COMPLETED), Credit(HALF, "501"))
    assert half.return_seen_cents == HALF
    assert (half.return_seen_at, half.due_at is None) == (None, False)
    whole = told(half, Credit(HALF, "502"))
    assert (whole.return_seen_at, whole.due_at) == (LATER, None)


def test_what_is_told_of_twice_is_awaited_once() -> None:
    reported = told(sent(State.COMPLETED), back(HALF, "9", Trust.HINT), back(HALF, "9"))
    half = told(reported, Credit(HALF, "501"))
    assert (half.state, half.return_seen_at, half.due_at) == (State.COMPLETED, LATER, None)


def test_halves_that_the_mAccount_shows_are_counted_by_their_lines() -> None:  # noqa: N802
    half = told(sent(State.COMPLETED), Credit(HALF, "501"), Credit(HALF, "501"))
    assert (half.state, half.review_reason) == (State.COMPLETED, ReviewReason.PART_RETURNED)
    assert (half.returned_cents, half.return_seen_cents) == (HALF, HALF)
    assert (half.return_seen_at, payable_again_cents(half)) == (LATER, HALF)
    # Reported late, it may be the same half.
    late = told(half, back(HALF, "9"))
    assert (late.returned_cents, late.return_seen_at, late.due_at) == (HALF, LATER, None)
    whole = told(late, Credit(HALF, "502"))
    assert (whole.state, whole.return_seen_cents) == (State.RETURNED, 12550)
    assert (whole.return_seen_at, whole.needs_review) == (LATER, False)


def test_of_two_reported_halves_the_first_credit_leaves_the_other_awaited() -> None:
    whole = told(sent(State.COMPLETED), back(HALF, "9"), back(HALF, "10"))
    half_seen = told(whole, Credit(HALF, "501"))
    assert (half_seen.state, half_seen.return_seen_cents) == (State.RETURNED, HALF)
    assert (half_seen.return_seen_at, half_seen.due_at) == (None, QUARTER)
    assert payable_again_cents(half_seen) == HALF
    seen = told(half_seen, Credit(HALF, "502"))
    assert (seen.return_seen_at, seen.due_at, payable_again_cents(seen)) == (LATER, None, 12550)


def test_a_second_half_that_is_reported_after_the_first_was_seen_is_awaited() -> None:
    first = told(sent(State.COMPLETED), back(HALF, "9"), Credit(HALF, "501"))
    assert (first.return_seen_at, first.due_at) == (LATER, None)
    both = told(first, back(HALF, "10"))
    assert (both.state, both.return_seen_at, both.due_at) == (State.RETURNED, None, QUARTER)


def test_more_credits_than_was_paid_are_a_contradiction() -> None:
    returned = told(sent(State.COMPLETED), Credit(12550, "501"))
    after = told(returned, Credit(1, "502"), Credit(1, "502"))
    assert (after.needs_review, after.review_reason) == (True, ReviewReason.CONTRADICTION)
    assert (after.return_seen_cents, len(after.history)) == (12550, 2)
    detail = "The mAccount shows 1 cents more than was paid coming back."
    entry = after.history[-1]
    assert (entry.by, entry.detail, entry.evidence) == ("reconciler", detail, "credit:1:502")


@pytest.mark.parametrize("state", sorted(OPEN | {State.FAILED, State.CANCELLED}))
def test_what_is_credited_to_a_payout_that_was_not_paid_is_its_rejection(state: State) -> None:
    assert after_credit(sent(state), Credit(12550, "501"), LATER, "r").is_empty


def test_a_payout_returned_before_there_were_credits_learns_that_it_was_seen() -> None:
    old = sent(State.RETURNED, failure_code=FailureCode.RETURNED)
    after = told(old, Credit(12550, "501"))
    assert (after.returned_cents, after.return_seen_at) == (12550, LATER)


# --- no credit


def awaiting(**more: Any) -> Payout:
    return replace(told(sent(State.COMPLETED), back(12550, "9")), **more)


def test_asked_in_vain_it_is_asked_again_and_after_ten_banking_days_a_person_looks() -> None:
    payout, at, gaps = awaiting(), QUARTER, []
    while not payout.needs_review:
        change = after_question(payout, at, "reconciler", is_answered=True)
        payout = applied(payout, change, at)
        gaps.append(at - LATER)
        at = payout.due_at or at
    assert gaps[:3] == [timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4)]
    assert (gaps[-1].days, len(gaps)) == (13, 3 + 14)
    assert (payout.review_reason, payout.due_at) == (ReviewReason.RETURN_NOT_SEEN, None)
    entry = payout.history[-1]
    detail = "No credit in the mAccount within ten banking days."
    assert (entry.event, entry.by, entry.detail) == ("ReturnNotSeen", "reconciler", detail)
    assert entry.at == at


@pytest.mark.parametrize(
    "payout",
    [awaiting(due_at=None), awaiting(), sent(State.ACCEPTED, due_at=NOW, return_reported_at=NOW)],
    ids=["not awaited", "not yet", "open"],
)
def test_what_was_not_asked_for_stays_as_it_is(payout: Payout) -> None:
    assert after_question(
        payout, QUARTER - timedelta(microseconds=1), "r", is_answered=True
    ).is_empty


def test_what_is_due_without_a_report_is_not_due() -> None:
    odd = awaiting(return_reported_at=None)
    assert after_question(odd, QUARTER, "r", is_answered=True).fields == Fields(due_at=None)


def test_evidence_of_another_kind_is_no_return() -> None:
    entries = tuple(
        HistoryEntry(NOW, Event.MONEY_RETURNED, State.RETURNED, "monoova", None, evidence)
        for evidence in (None, "credit:1:2", "NppReturn:None:3", "NppReturn:5", "NppReturn:6:7:8")
    )
    assert reported_returns(sent(State.RETURNED, history=entries)) == (ReportedReturn(6, "7:8"),)


def test_an_unsigned_return_lends_its_number_to_no_credit() -> None:
    payout = told(sent(State.COMPLETED), back(HALF, "9"), back(HALF, "10", Trust.SECRET))
    assert [each.return_id for each in reported_returns(payout)] == ["9", "10"]
    assert [each.return_id for each in signed_returns(payout)] == ["9"]


def test_every_final_state_is_asked_about_or_not() -> None:
    for state in FINAL:
        payout = sent(state, due_at=NOW, return_reported_at=NOW)
        assert not after_question(payout, LATER, "r", is_answered=True).is_empty


def test_without_an_answer_it_stays_due_and_a_person_looks_in_time_all_the_same() -> None:
    assert after_question(awaiting(), QUARTER, "r", is_answered=False).is_empty
    late = LATER + timedelta(days=14)
    change = after_question(awaiting(), late, "r", is_answered=False)
    assert change.fields["review_reason"] is ReviewReason.RETURN_NOT_SEEN
    assert after_question(awaiting(), QUARTER, "r", is_answered=True).fields == Fields(
        due_at=LATER + timedelta(hours=1)
    )


@pytest.mark.parametrize("state", [State.COMPLETED, State.RETURNED])
def test_a_credit_that_may_be_anothers_counts_for_nothing_and_is_raised_once(state: State) -> None:
    credit = Credit(12550, "9")
    change = after_shared_credit(awaiting(state=state), credit, LATER, "r")
    assert change.fields["review_reason"] is ReviewReason.CONTRADICTION
    assert "return_seen_cents" not in change.fields
    (entry,) = change.entries
    assert (entry.at, entry.by, entry.evidence) == (LATER, "r", "shared:credit:12550:9")
    assert "12550 cents" in (entry.detail or "")
    told = awaiting(state=state, history=change.entries)
    assert after_shared_credit(told, credit, LATER, "r").is_empty
    # Should it be told apart after all, it still counts.
    assert not after_credit(told, credit, LATER, "r").is_empty


# --- what it never does


@pytest.mark.parametrize("state", sorted(State))
def test_no_news_says_that_a_payout_was_not_sent(state: State) -> None:
    """So nothing is given back to the sums of its day: those who write news may not write them."""
    payout = sent(state, counted_on=("sum",), return_reported_at=NOW, due_at=NOW)
    changes = [
        *(
            after_notice(payout, notice(kind, trust=trust, amount_cents=cents), LATER)
            for kind in NoticeKind
            for trust in Trust
            for cents in (None, 0, HALF, 12550, 12551)
        ),
        *(after_credit(payout, Credit(c, "9"), LATER, "daily") for c in (HALF, 12550, 12551)),
        *(
            after_question(payout, at, "daily", is_answered=is_answered)
            for at in (LATER, LATER + timedelta(days=30))
            for is_answered in (True, False)
        ),
    ]
    assert [sums_given_back(payout, change) for change in changes] == [()] * len(changes)
