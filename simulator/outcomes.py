"""What can become of a payout, in four independent parts: fault, fate, news and books.

`Plan` composes them. `Outcome` names the compositions that the trigger table offers; a test may
script any other `Plan`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Manner(StrEnum):
    """How an answer goes wrong."""

    ERROR_500 = "error_500"
    UNAVAILABLE_503 = "unavailable_503"
    HTML_502 = "html_502"
    EMPTY_BODY = "empty_body"
    CUT_OFF_JSON = "cut_off_json"
    CUT_OFF_BODY = "cut_off_body"
    TIMEOUT = "timeout"
    RESET = "reset"
    ERROR_STATUS_200 = "error_status_200"
    REFUSAL_400 = "refusal_400"


class Moment(StrEnum):
    """Whether the money is booked when the answer goes wrong."""

    BEFORE = "before"
    AFTER = "after"
    LATE = "late"
    """Not booked yet, but it will be, after the client has given up."""


class Fate(StrEnum):
    """What becomes of a payout once it is booked."""

    INSTANT = "instant"
    PENDING_THEN_PAID = "pending_then_paid"
    REJECTED = "rejected"
    DISHONOURED = "dishonoured"
    RETURNED = "returned"
    PENDING_FOREVER = "pending_forever"


class News(StrEnum):
    """What the webhooks make of that fate."""

    ON_TIME = "on_time"
    LOST = "lost"
    FIRST_TRY_LOST = "first_try_lost"
    TWICE = "twice"
    BEFORE_ANSWER = "before_answer"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_TRANSACTION_ID = "wrong_transaction_id"
    CONTRADICTED = "contradicted"
    RETURN_FIRST = "return_first"


class Books(StrEnum):
    """What the reports on a day (statement, mAccount) make of a payout that was booked."""

    TRUE = "true"
    ABSENT = "absent"
    ONE_DOLLAR_MORE = "one_dollar_more"


@dataclass(frozen=True)
class Fault:
    """One way in which the answer to execute goes wrong.

    `times`: on how many attempts under one reference; None means on each. `refusal` is the
    `status` of a `REFUSAL_400`.
    """

    manner: Manner
    moment: Moment
    times: int | None = 1
    refusal: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything that is decided about a payout when execute receives it."""

    fault: Fault | None = None
    fate: Fate = Fate.PENDING_THEN_PAID
    news: News = News.ON_TIME
    reason: str = "ACCOUNT CLOSED"
    books: Books = Books.TRUE


class Outcome(StrEnum):
    """A named plan; `simulator.triggers` holds the table of what each one does."""

    COMPLETED_INSTANTLY = "completed_instantly"
    COMPLETED = "completed"
    REJECTED = "rejected"
    PENDING_FOREVER = "pending_forever"
    WEBHOOK_LOST = "webhook_lost"
    FIRST_WEBHOOK_LOST = "first_webhook_lost"
    RETURNED = "returned"
    DISHONOURED = "dishonoured"
    REJECTED_WEBHOOK_LOST = "rejected_webhook_lost"
    REFUSED_PAYID_DETAILS = "refused_payid_details"
    REFUSED_BANK_DETAILS = "refused_bank_details"
    REFUSED_OVER_LIMIT = "refused_over_limit"
    REFUSED_INSUFFICIENT_FUNDS = "refused_insufficient_funds"
    REFUSED_UNKNOWN_STATUS = "refused_unknown_status"
    UNKNOWN_STATUS_YET_BOOKED = "unknown_status_yet_booked"
    ERROR_STATUS_200 = "error_status_200"
    ERROR_STATUS_200_YET_BOOKED = "error_status_200_yet_booked"
    ERROR_BEFORE_BOOKING = "error_before_booking"
    ERROR_BEFORE_BOOKING_ALWAYS = "error_before_booking_always"
    ERROR_AFTER_BOOKING = "error_after_booking"
    ERROR_AFTER_BOOKING_ALWAYS = "error_after_booking_always"
    TIMEOUT_BEFORE_BOOKING = "timeout_before_booking"
    TIMEOUT_BEFORE_BOOKING_ALWAYS = "timeout_before_booking_always"
    TIMEOUT_AFTER_BOOKING = "timeout_after_booking"
    TIMEOUT_AFTER_BOOKING_ALWAYS = "timeout_after_booking_always"
    LATE_ARRIVAL = "late_arrival"
    RESET_BEFORE_BOOKING = "reset_before_booking"
    RESET_AFTER_BOOKING = "reset_after_booking"
    HTML_502_BEFORE_BOOKING = "html_502_before_booking"
    HTML_502_AFTER_BOOKING = "html_502_after_booking"
    UNAVAILABLE_BEFORE_BOOKING = "unavailable_before_booking"
    EMPTY_BODY = "empty_body"
    CUT_OFF_JSON = "cut_off_json"
    CUT_OFF_BODY = "cut_off_body"
    WEBHOOK_TWICE = "webhook_twice"
    WEBHOOK_BEFORE_ANSWER = "webhook_before_answer"
    REJECTED_WEBHOOK_BEFORE_ANSWER = "rejected_webhook_before_answer"
    WEBHOOK_WRONG_AMOUNT = "webhook_wrong_amount"
    WEBHOOK_WRONG_TRANSACTION_ID = "webhook_wrong_transaction_id"
    WEBHOOK_CONTRADICTED = "webhook_contradicted"
    RETURN_WEBHOOK_FIRST = "return_webhook_first"
    TIMEOUT_THEN_REJECTED = "timeout_then_rejected"
    ABSENT_FROM_REPORTS = "absent_from_reports"
    WRONG_IN_REPORTS = "wrong_in_reports"
    RETURN_WEBHOOK_LOST = "return_webhook_lost"
