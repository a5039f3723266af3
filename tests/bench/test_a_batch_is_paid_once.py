"""A file of 300 payouts, as `python -m bench.batch` pays 20,000: three bad rows, corrected."""

from bench import batch

ROWS = 300


def test_300_corrected_rows_are_paid_once_and_a_second_upload_pays_none() -> None:
    paid = batch.counted(ROWS)
    assert paid.is_right, paid
    calls = {name: times / ROWS for name, times in paid.calls.items()}
    # To make, to claim, to record the answer, to settle; and what a chunk needs besides.
    writes = calls["dynamodb:PutItem"] + calls["dynamodb:UpdateItem"]
    assert writes < 5, calls
    # Twenty to a hundred calls a chunk, not a call a row, for reading and for messages.
    assert calls["sqs:SendMessageBatch"] < 0.12
    assert calls["monoova"] < 1.2
