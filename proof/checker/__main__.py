"""`python -m proof.checker DIR`: exit 0 the promises held, 1 they did not, 2 cannot be judged."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from proof.checker.evidence import Run
from proof.checker.guessing import disagreements
from proof.checker.reading import read_run
from proof.checker.records import InputError
from proof.checker.requested_payments import requested_payments
from proof.checker.verdict import violations_in


def main(arguments: list[str]) -> int:
    """Judges the run in the one directory that is named."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m proof.checker DIR\n")
        return 2
    try:
        run = read_run(Path(arguments[0]))
    except InputError as error:
        sys.stderr.write(f"cannot be judged: {error}\n")
        return 2
    violations = violations_in(run)
    verdict = f"{len(violations)} violations" if violations else "every promise held"
    sys.stdout.writelines(f"{line}\n" for line in (*violations, *_summary(run), verdict))
    return 1 if violations else 0


def _summary(run: Run) -> Iterator[str]:
    """What was checked, so that "held" of next to nothing is seen for what it is."""
    unknown = sum(request.status is None for request in run.requests)
    yield f"{run.lines} lines, {len(run.requests)} requests ({unknown} without an answer)"
    requested = len(requested_payments(run))
    yield f"{requested} requested payments, {len(run.listing)} payouts: {_states(run)}"
    rows = sum(map(len, run.rows_of.values()))
    yield f"{len(run.rows_of)} files of {rows} rows"
    booked = sum(movement.is_booking for movement in run.book.movements)
    yield f"{len(run.book.movements)} movements in Monoova's book, {booked} bookings"
    genuine = sum(webhook.is_genuine for webhook in run.webhooks)
    yield f"{genuine} genuine webhooks, {len(run.webhooks) - genuine} forged"
    yield f"{len(run.outputs)} texts searched for {len(run.secrets)} secrets"
    excuses = Counter(found.excuse for found in disagreements(run) if found.excuse)
    for excuse, count in sorted(excuses.items()):
        yield f"{count} ended otherwise than the book says: {excuse}"


def _states(run: Run) -> str:
    counts = Counter(payout.state for payout in run.last.values())
    counts["in review"] = sum(payout.needs_review for payout in run.last.values())
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
