"""Monoova Payouts: every entry point. What each does stands in the folders of chalicelib.

Administrators come through the Cognito authorizer, internal services through IAM, Monoova with its
own secret and signature. Nothing else is let in but `/health` and the pages, which hold no one's
data.
"""

from chalicelib.core.coldstart import start  # noqa: F401 - it is enough that it is loaded

# isort: split
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chalice.app import (
    CloudWatchEvent,
    CognitoUserPoolAuthorizer,
    CORSConfig,
    Cron,
    IAMAuthorizer,
    Rate,
    Request,
    Response,
    SQSEvent,
)

from chalicelib import late
from chalicelib.container import wired
from chalicelib.core.actor import Actor, Role
from chalicelib.core.coldstart.collector import app_loaded
from chalicelib.core.errors import ErrorCode
from chalicelib.core.observability import invocation, note
from chalicelib.web import queue_events, replies
from chalicelib.web.http import (
    Incoming,
    PayoutsApp,
    Reply,
    answering,
    as_problem,
    checked_day,
    checked_id,
    guarded,
)

if TYPE_CHECKING:
    from chalicelib.monoova.rules.gate import Gate

# Chalice's command line sets it; on Lambda it is not there.
if "AWS_CHALICE_CLI_MODE" in os.environ:
    from chalicelib import console_build, deploy_check

    deploy_check.refuse_unprepared()
    console_build.build_console()

# Read when the app is packaged; at run time only API Gateway and SQS know them.
_NOT_DEPLOYED = "arn:aws:{}:ap-southeast-2:000000000000:not-deployed"
_POOL_ARN = os.environ.get("COGNITO_USER_POOL_ARN", _NOT_DEPLOYED.format("cognito-idp"))
_PAYOUT_QUEUE_ARN = os.environ.get("PAYOUT_QUEUE_ARN", _NOT_DEPLOYED.format("sqs"))
_WEBHOOK_QUEUE_ARN = os.environ.get("WEBHOOK_QUEUE_ARN", _NOT_DEPLOYED.format("sqs") + "-2")

app = PayoutsApp(
    "monoova-payouts",
    settings=lambda: wired.get().settings,
    tokens=lambda: wired.get().tokens,
    disabled=lambda: wired.get().gatekeeper.look().disabled,
)
admins = CognitoUserPoolAuthorizer("administrators", provider_arns=[_POOL_ARN])
services = IAMAuthorizer()
cors = CORSConfig(
    allow_origin=os.environ.get("CORS_ALLOW_ORIGIN", "*"),
    allow_headers=["Idempotency-Key"],
    expose_headers=["Idempotent-Replayed", "Next-Cursor", "Retry-After"],
    max_age=600,
)
# Where there is no body of JSON to announce, or Monoova decides how it announces it.
ANY = ["*/*"]

View = Callable[..., Reply]


def for_admins(method: str, path: str, **options: Any) -> Callable[[View], Callable[..., Response]]:
    """A route for the people of the user pool, from the admin app's origin and from our console."""
    return _route(method, path, authorizer=admins, cors=cors, **options)


def for_services(method: str, path: str) -> Callable[[View], Callable[..., Response]]:
    """A route for internal services, by IAM."""
    return _route(method, path, authorizer=services)


def _route(method: str, path: str, **options: Any) -> Callable[[View], Callable[..., Response]]:
    if method in ("GET", "DELETE"):
        options["content_types"] = ANY

    def routed(view: View) -> Callable[..., Response]:
        answered: Callable[..., Response] = app.route(path, methods=[method], **options)(
            answering(view)
        )
        return answered

    return routed


@app.middleware("http")
def log_request(request: Request, get_response: Callable[[Request], Response]) -> Response:
    context = request.context
    with invocation(
        wired.get().clock,
        wired.get().stage,
        kind="http",
        request_id=context.get("requestId") or app.lambda_context.aws_request_id,
        route=context.get("resourcePath"),
        method=context.get("httpMethod"),
    ):
        response = guarded(as_problem(get_response(request)))
        note(status=response.status_code)
        return response


# --- who asks


@for_admins("GET", "/me")
def show_me() -> Reply:
    by = Incoming.to(app).signed_in()
    return Reply(replies.me(by, _environment()))


# --- customers


@for_admins("POST", "/customers")
def register_customer() -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    asked = incoming.body(late.customer_schemas.CUSTOMER)
    customer = wired.get().customers.register(**asked, by=by.name)
    return Reply(late.customer_replies.customer(customer), 201)


@for_admins("GET", "/customers")
def list_customers() -> Reply:
    incoming = Incoming.to(app)
    return _list_customers(incoming, incoming.administrator())


@for_admins("GET", "/customers/{customer_id}")
def show_customer(customer_id: str) -> Reply:
    return _show_customer(Incoming.to(app).administrator(), customer_id)


@for_admins("PATCH", "/customers/{customer_id}")
def change_customer(customer_id: str) -> Reply:
    incoming = Incoming.to(app)
    incoming.operator()
    changes = incoming.body(late.customer_schemas.CUSTOMER_CHANGE)
    return Reply(
        late.customer_replies.customer(
            wired.get().customers.rename(_customer(customer_id), changes)
        )
    )


@for_admins("DELETE", "/customers/{customer_id}")
def erase_customer(customer_id: str) -> Reply:
    Incoming.to(app).operator()
    wired.get().erasure.erase(_customer(customer_id))
    return Reply(status=204)


@for_admins("POST", "/customers/{customer_id}/destinations")
def add_destination(customer_id: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    details = incoming.body(late.customer_schemas.DESTINATION)
    added = wired.get().customers.add_destination(_customer(customer_id), details, by.name)
    return Reply(late.customer_replies.destination(added), 201)


@for_admins("DELETE", "/customers/{customer_id}/destinations/{destination_id}")
def remove_destination(customer_id: str, destination_id: str) -> Reply:
    Incoming.to(app).operator()
    place = _customer(customer_id), _destination(destination_id)
    wired.get().customers.remove_destination(*place)
    return Reply(status=204)


@for_admins("POST", "/customers/{customer_id}/destinations/{destination_id}/verification")
def start_verification(customer_id: str, destination_id: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    incoming.body(late.schemas.EMPTY)
    place = _customer(customer_id), _destination(destination_id)
    return Reply(late.customer_replies.destination(wired.get().verification.start(*place, by)))


@for_admins("POST", "/customers/{customer_id}/destinations/{destination_id}/verification/confirm")
def confirm_verification(customer_id: str, destination_id: str) -> Reply:
    incoming = Incoming.to(app)
    incoming.operator()
    code = incoming.body(late.customer_schemas.VERIFICATION_CODE)["code"]
    place = _customer(customer_id), _destination(destination_id)
    return Reply(late.customer_replies.destination(wired.get().verification.confirm(*place, code)))


@for_admins("GET", "/destinations/unapproved")
def list_unapproved_destinations() -> Reply:
    incoming = Incoming.to(app)
    incoming.administrator()
    page = incoming.query(late.schemas.PAGE)
    found = wired.get().destination_approvals.unapproved(page["limit"], page["cursor"])
    return Reply(late.customer_replies.unapproved_destinations(found))


@for_admins("POST", "/destinations/reveal")
def reveal_destinations() -> Reply:
    incoming = Incoming.to(app)
    return _reveal_destinations(incoming, incoming.approver())


@for_admins("POST", "/destinations/approve")
def approve_destinations() -> Reply:
    incoming = Incoming.to(app)
    by = incoming.approver()
    asked = incoming.body(late.customer_schemas.APPROVED_LIST)
    approved = wired.get().destination_approvals.approve(**asked, by=by)
    return Reply(late.customer_replies.approved_destinations(approved))


@for_admins("GET", "/customers/{customer_id}/export")
def export_customer(customer_id: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    page = incoming.query(late.schemas.PAGE)
    customer = _customer(customer_id)
    return late.privacy_replies.export(wired.get().privacy.export(customer, by.name, **page))


@for_admins("GET", "/customers/{customer_id}/accesses")
def list_accesses(customer_id: str) -> Reply:
    incoming = Incoming.to(app)
    incoming.administrator()
    page = incoming.query(late.schemas.PAGE)
    found = wired.get().privacy.list_accesses(_customer(customer_id), **page)
    return Reply(late.privacy_replies.accesses(found))


@for_admins("GET", "/customers/{customer_id}/payouts")
def list_payouts_of_customer(customer_id: str) -> Reply:
    incoming = Incoming.to(app)
    return _list_payouts(incoming, incoming.administrator(), _customer(customer_id))


# --- payouts


@for_admins("POST", "/payouts")
def request_payout() -> Reply:
    incoming = Incoming.to(app)
    return _request_payout(incoming, incoming.payer())


@for_admins("GET", "/payouts")
def list_payouts() -> Reply:
    incoming = Incoming.to(app)
    return _list_payouts(incoming, incoming.administrator())


@for_admins("POST", "/payouts/validate")
def validate_payout() -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    asked = incoming.body(late.payout_schemas.PAYOUT)
    validated = wired.get().validation.validate(**asked, by=by.name)
    return Reply(late.payout_replies.validated(validated))


@for_admins("GET", "/payouts/{transaction_id}")
def show_payout(transaction_id: str) -> Reply:
    return _show_payout(Incoming.to(app).administrator(), transaction_id)


@for_admins("POST", "/payouts/{transaction_id}/approve")
def approve_payout(transaction_id: str) -> Reply:
    incoming = Incoming.to(app)
    return _approve_payout(incoming, incoming.approver(), transaction_id)


@for_admins("POST", "/payouts/{transaction_id}/adopt")
def adopt_payout(transaction_id: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.approver()
    incoming.body(late.schemas.EMPTY)
    payout = wired.get().adoptions.adopt(_payout(transaction_id), by)
    return Reply(late.payout_replies.payout_with_history(payout))


@for_admins("POST", "/payouts/{transaction_id}/reject")
def reject_payout(transaction_id: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.approver()
    why = incoming.body(late.schemas.REASON)
    payout = wired.get().approvals.reject(_payout(transaction_id), by=by, **why)
    return Reply(late.payout_replies.payout_with_history(payout))


@for_admins("POST", "/payouts/{transaction_id}/cancel")
def cancel_payout(transaction_id: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    incoming.body(late.schemas.EMPTY)
    payout = wired.get().administration.cancel(_payout(transaction_id), by.name)
    return Reply(late.payout_replies.payout_with_history(payout))


@for_admins("POST", "/payouts/{transaction_id}/retry")
def retry_payout(transaction_id: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    incoming.body(late.schemas.EMPTY)
    requested = wired.get().payout_requests.retry(
        _payout(transaction_id), by.name, incoming.seconds_left
    )
    return late.payout_replies.accepted(requested)


@for_admins("POST", "/payouts/{transaction_id}/resolve")
def resolve_payout(transaction_id: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    how = incoming.body(late.payout_schemas.RESOLVE)
    resolved = wired.get().administration.resolve(_payout(transaction_id), by=by, **how)
    return Reply(late.payout_replies.asked(resolved))


@for_admins("POST", "/payouts/{transaction_id}/refresh")
def refresh_payout(transaction_id: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    incoming.body(late.schemas.EMPTY)
    refreshed = wired.get().administration.refresh(_payout(transaction_id), by.name)
    return Reply(late.payout_replies.asked(refreshed))


# --- batches: many payouts in one file


@for_admins("POST", "/batches", content_types=ANY)
def upload_batch() -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    content, more = _payout_file(incoming)
    uploaded = wired.get().batch_upload.upload(content, by, incoming.seconds_left, **more)
    return late.batch_replies.uploaded(uploaded)


@for_admins("GET", "/batches")
def list_batches() -> Reply:
    incoming = Incoming.to(app)
    incoming.administrator()
    page = incoming.query(late.schemas.PAGE)
    newest = wired.get().batches.newest(page["limit"], page["cursor"])
    return Reply(late.batch_replies.batches(newest))


@for_admins("GET", "/batches/{batch_id}")
def show_batch(batch_id: str) -> Reply:
    Incoming.to(app).administrator()
    return Reply(late.batch_replies.batch(wired.get().batches.get(_batch(batch_id))))


@for_admins("POST", "/batches/{batch_id}/confirm")
def confirm_batch(batch_id: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    said = incoming.body(late.batch_schemas.CONFIRM)
    confirmed = wired.get().batches.confirm(
        _batch(batch_id), said["total"], by, said["accept_duplicates"]
    )
    return Reply(late.batch_replies.batch(confirmed))


@for_admins("POST", "/batches/{batch_id}/approve")
def approve_batch(batch_id: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.approver()
    read = incoming.body(late.batch_schemas.APPROVE)
    approved = wired.get().batches.approve(_batch(batch_id), by, read)
    return Reply(late.batch_replies.batch(approved))


@for_admins("POST", "/batches/{batch_id}/reject")
def reject_batch(batch_id: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.approver()
    reason = incoming.body(late.schemas.REASON)["reason"]
    return Reply(late.batch_replies.batch(wired.get().batches.reject(_batch(batch_id), reason, by)))


@for_admins("POST", "/batches/{batch_id}/cancel")
def cancel_batch(batch_id: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    incoming.body(late.schemas.EMPTY)
    return Reply(late.batch_replies.batch(wired.get().batches.cancel(_batch(batch_id), by)))


@for_admins("POST", "/batches/{batch_id}/retry")
def retry_batch(batch_id: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    incoming.body(late.schemas.EMPTY)
    made = wired.get().batch_retries.retry(_batch(batch_id), by, incoming.seconds_left)
    return late.batch_replies.uploaded(made)


@for_admins("GET", "/batches/{batch_id}/rows")
def list_rows_of_batch(batch_id: str) -> Reply:
    incoming = Incoming.to(app)
    incoming.administrator()
    cursor = incoming.query(late.batch_schemas.PART)["cursor"]
    return Reply(late.batch_replies.rows(wired.get().batch_rows.page(_batch(batch_id), cursor)))


@for_admins("GET", "/batches/{batch_id}/result")
def download_result_of_batch(batch_id: str) -> Reply:
    incoming = Incoming.to(app)
    incoming.administrator()
    cursor = incoming.query(late.batch_schemas.PART)["cursor"]
    part = wired.get().batch_rows.result(_batch(batch_id), cursor)
    return late.batch_replies.result(part, is_first=cursor is None)


# --- the business's account, and the reconciliation on demand


@for_admins("GET", "/account")
def show_account() -> Reply:
    return _show_account(Incoming.to(app).administrator())


@for_admins("POST", "/reconciliations")
def reconcile_now() -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    incoming.body(late.schemas.EMPTY)
    return Reply(
        late.payout_replies.findings(wired.get().reconciler.run(incoming.seconds_left, by.name))
    )


@for_admins("GET", "/funding")
def list_funding() -> Reply:
    incoming = Incoming.to(app)
    incoming.administrator()
    page = incoming.query(late.schemas.PAGE)
    return Reply(late.report_replies.funds(wired.get().funds.newest(page["limit"], page["cursor"])))


# --- days compared with Monoova's books, and their figures


@for_admins("GET", "/reports/daily")
def list_daily_reports() -> Reply:
    incoming = Incoming.to(app)
    incoming.administrator()
    page = incoming.query(late.schemas.PAGE)
    return Reply(
        late.report_replies.reports(wired.get().daily_reports.newest(page["limit"], page["cursor"]))
    )


@for_admins("GET", "/reports/daily/{date}")
def show_daily_report(date: str) -> Reply:
    Incoming.to(app).administrator()
    return Reply(late.report_replies.report(wired.get().daily_reports.get(checked_day(date))))


@for_admins("POST", "/reports/daily/{date}")
def make_daily_report(date: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    incoming.body(late.schemas.EMPTY)
    made = wired.get().daily_reports.run(checked_day(date), by.name, incoming.seconds_left)
    return Reply(late.report_replies.report(made))


@for_admins("GET", "/statistics")
def show_statistics() -> Reply:
    incoming = Incoming.to(app)
    incoming.administrator()
    days = incoming.query(late.report_schemas.DAY_RANGE)
    return Reply(
        late.report_replies.statistics(
            wired.get().figures_of_days.between(days["from_"], days["to"])
        )
    )


# --- whether anything is sent to Monoova: the pause switch, and the circuit breaker by hand


@for_admins("GET", "/sending")
def show_sending() -> Reply:
    Incoming.to(app).administrator()
    gate = wired.get().gatekeeper.look()
    return Reply(late.monoova_replies.sending(gate, wired.get().clock.now()))


@for_admins("POST", "/sending/pause")
def pause_sending() -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    why = incoming.body(late.schemas.REASON)
    gate = wired.get().gatekeeper.pause(by.name, **why)
    return Reply(late.monoova_replies.sending(gate, wired.get().clock.now()))


@for_admins("POST", "/sending/resume")
def resume_sending() -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    incoming.body(late.schemas.EMPTY)
    return _sending_again(wired.get().gatekeeper.resume(by.name))


@for_admins("POST", "/sending/reset")
def reset_circuit() -> Reply:
    incoming = Incoming.to(app)
    by = incoming.operator()
    incoming.body(late.schemas.EMPTY)
    return _sending_again(wired.get().gatekeeper.reset(by.name))


# --- the dead-letter queue: messages that failed five times


@for_admins("GET", "/dead-letters")
def list_dead_letters() -> Reply:
    incoming = Incoming.to(app)
    incoming.administrator()
    limit = incoming.query(late.webhook_schemas.DEAD_LETTERS)["limit"]
    return Reply(late.webhook_replies.dead_letters(wired.get().dead_letters.peek(limit)))


@for_admins("POST", "/dead-letters/{message_id}/replay")
def replay_dead_letter(message_id: str) -> Reply:
    incoming = Incoming.to(app)
    incoming.operator()
    incoming.body(late.schemas.EMPTY)
    return Reply(
        late.webhook_replies.dead_letter(wired.get().dead_letters.replay(_letter(message_id)))
    )


@for_admins("DELETE", "/dead-letters/{message_id}")
def drop_dead_letter(message_id: str) -> Reply:
    Incoming.to(app).operator()
    wired.get().dead_letters.drop(_letter(message_id))
    return Reply(status=204)


# --- routes for internal services, by IAM


@for_services("POST", "/internal/payouts")
def request_payout_internally() -> Reply:
    incoming = Incoming.to(app)
    by = incoming.paying_service()
    return _request_payout(incoming, by)


@for_services("POST", "/internal/payouts/{transaction_id}/approve")
def approve_payout_internally(transaction_id: str) -> Reply:
    incoming = Incoming.to(app)
    by = incoming.service(Role.APPROVER)
    return _approve_payout(incoming, by, transaction_id)


@for_services("POST", "/internal/destinations/reveal")
def reveal_destinations_internally() -> Reply:
    incoming = Incoming.to(app)
    by = incoming.service(Role.APPROVER)
    return _reveal_destinations(incoming, by)


@for_services("GET", "/internal/payouts")
def list_payouts_internally() -> Reply:
    incoming = Incoming.to(app)
    return _list_payouts(incoming, incoming.service())


@for_services("GET", "/internal/payouts/{transaction_id}")
def show_payout_internally(transaction_id: str) -> Reply:
    return _show_payout(Incoming.to(app).service(), transaction_id)


@for_services("GET", "/internal/customers")
def list_customers_internally() -> Reply:
    incoming = Incoming.to(app)
    return _list_customers(incoming, incoming.service())


@for_services("GET", "/internal/customers/{customer_id}/payouts")
def list_payouts_of_customer_internally(customer_id: str) -> Reply:
    incoming = Incoming.to(app)
    return _list_payouts(incoming, incoming.service(), _customer(customer_id))


@for_services("GET", "/internal/account")
def show_account_internally() -> Reply:
    return _show_account(Incoming.to(app).service())


@for_services("GET", "/internal/customers/{customer_id}")
def show_customer_internally(customer_id: str) -> Reply:
    return _show_customer(Incoming.to(app).service(), customer_id)


# --- Monoova, and monitoring


@app.route("/webhooks/monoova", methods=["POST"], content_types=ANY)
@answering
def receive_webhook() -> Reply:
    return _receive_webhook(Incoming.to(app))


@app.route("/webhooks/monoova/{event_name}", methods=["POST"], content_types=ANY)
@answering
def receive_named_webhook(event_name: str) -> Reply:
    return _receive_webhook(Incoming.to(app), event_name)


@app.route("/health", methods=["GET"], content_types=ANY, cors=cors)
@answering
def show_health() -> Reply:
    return Reply({"status": "ok"})


# --- pages that ship with the app


@app.route("/openapi.json", methods=["GET"], content_types=ANY)
@answering
def show_openapi() -> Reply:
    return late.pages.OPENAPI.reply("openapi.json", Incoming.to(app).header("If-None-Match"))


@app.route("/docs", methods=["GET"], content_types=ANY)
@answering
def show_docs() -> Reply:
    return late.pages.DOCS.reply("index.html", Incoming.to(app).header("If-None-Match"))


@app.route("/docs/{file}", methods=["GET"], content_types=ANY)
@answering
def show_docs_file(file: str) -> Reply:
    return late.pages.DOCS.reply(file, Incoming.to(app).header("If-None-Match"))


@app.route("/console", methods=["GET"], content_types=ANY)
@answering
def show_console() -> Reply:
    return _console_file("index.html", Incoming.to(app))


@app.route("/console/config.json", methods=["GET"], content_types=ANY)
@answering
def show_console_config() -> Reply:
    settings = wired.get().settings
    config = late.pages.console_config(
        settings.sign_in_url, settings.user_pool_client_id, settings.console_idle_minutes
    )
    return Reply(config, headers={"Cache-Control": "no-cache"})


@app.route("/console/{file}", methods=["GET"], content_types=ANY)
@answering
def show_console_file(file: str) -> Reply:
    return _console_file(file, Incoming.to(app))


# --- queues and the schedule


@app.on_sqs_message(queue_arn=_PAYOUT_QUEUE_ARN, batch_size=2, name="send_queued_payouts")
def send_queued_payouts(event: SQSEvent) -> Any:
    with invocation(wired.get().clock, wired.get().stage, kind="send_queued_payouts"):
        return queue_events.each(event, lambda message: _dispatch(event, message))


@app.on_sqs_message(queue_arn=_WEBHOOK_QUEUE_ARN, batch_size=10, name="take_up_webhook_events")
def take_up_webhook_events(event: SQSEvent) -> Any:
    with invocation(wired.get().clock, wired.get().stage, kind="take_up_webhook_events"):
        return queue_events.each(event, wired.get().webhooks.retry)


@app.schedule(Rate(1, unit=Rate.MINUTES), name="reconcile")
def reconcile(event: CloudWatchEvent) -> Any:
    with invocation(wired.get().clock, wired.get().stage, kind="reconcile"):
        return late.payout_replies.findings(
            wired.get().reconciler.run(queue_events.seconds_left(event.context) - 5)
        )


# A second rule runs it each quarter of an hour, for returns alone: infra/app.yaml adds it, or
# `make finish` after chalice deploy, since Chalice gives a function one rule.
_RETURNS_RULE = "look-for-returns"
_SHARE_OF_RETURNS = 0.5


def _is_for_returns(event: CloudWatchEvent) -> bool:
    return any(_RETURNS_RULE in rule for rule in event.resources)


# Half past six or half past seven in Sydney, which is eleven hours before UTC in summer and ten in
# winter: after its midnight all year, whatever day UTC has.
@app.schedule(Cron(30, 20, "*", "*", "?", "*"), name="reconcile_daily")
def reconcile_daily(event: CloudWatchEvent) -> Any:
    with invocation(wired.get().clock, wired.get().stage, kind="reconcile_daily"):
        seconds = queue_events.seconds_left(event.context) - 5
        awaited = wired.get().returns.look(seconds * _SHARE_OF_RETURNS)
        if _is_for_returns(event):
            return {"awaited": awaited}
        made = wired.get().daily_reports.run_due(queue_events.seconds_left(event.context) - 5)
        return late.report_replies.made(made)


# --- what several entry points share


def _payout_file(incoming: Incoming) -> tuple[bytes, dict[str, Any]]:
    """A file as it is, or in JSON with what is said of it."""
    if not incoming.is_announced_as("application/json"):
        return incoming.raw_file("text/csv"), {}
    said = incoming.body_with_file(late.batch_schemas.FILE)
    return said.pop("file").encode(), said


def _request_payout(incoming: Incoming, by: Actor) -> Reply:
    asked = incoming.body(late.payout_schemas.PAYOUT)
    requested = wired.get().payout_requests.request(
        **asked, by=by, key=incoming.idempotency_key, seconds=incoming.seconds_left
    )
    return late.payout_replies.accepted(requested)


def _approve_payout(incoming: Incoming, by: Actor, transaction_id: str) -> Reply:
    digest = incoming.body(late.payout_schemas.APPROVE)["digest"]
    payout = wired.get().approvals.approve(_payout(transaction_id), by, digest)
    return Reply(late.payout_replies.payout_with_history(payout))


def _reveal_destinations(incoming: Incoming, by: Actor) -> Reply:
    named = incoming.body(late.customer_schemas.LIST)["named"]
    revelation = wired.get().destination_approvals.reveal(named, by)
    return Reply(late.customer_replies.revealed(revelation))


def _list_customers(incoming: Incoming, by: Actor) -> Reply:
    page = incoming.query(late.schemas.PAGE)
    newest = wired.get().customers.newest(**page, named=by.may_see_names)
    return Reply(late.customer_replies.customers(newest))


def _show_account(_by: Actor) -> Reply:
    return Reply(late.monoova_replies.account(wired.get().account.balance(), _environment()))


def _environment() -> str:
    """Monoova's environment that this stage pays in: `live` or `sandbox`."""
    return wired.get().settings.stage_class.environment


def _sending_again(gate: "Gate") -> Reply:
    wired.get().queued_payouts.announce(gate)
    return Reply(late.monoova_replies.sending(gate, wired.get().clock.now()))


def _list_payouts(incoming: Incoming, _by: Actor, customer_id: str | None = None) -> Reply:
    schemas = late.payout_schemas
    query = incoming.query(schemas.CUSTOMER_PAYOUT_LIST if customer_id else schemas.PAYOUT_LIST)
    wanted = schemas.filter_of(query, customer_id)
    return Reply(
        late.payout_replies.payouts(
            wired.get().payout_lists.list(wanted, query["limit"], query["cursor"])
        )
    )


def _show_payout(_by: Actor, transaction_id: str) -> Reply:
    return Reply(
        late.payout_replies.payout_with_history(
            wired.get().payout_lists.get(_payout(transaction_id))
        )
    )


def _show_customer(by: Actor, customer_id: str) -> Reply:
    customer = wired.get().customers.get(_customer(customer_id), named=by.may_see_names)
    return Reply(late.customer_replies.customer(customer))


def _console_file(name: str, incoming: Incoming) -> Reply:
    files = late.pages.console(wired.get().settings.sign_in_url)
    return files.reply(name, incoming.header("If-None-Match"))


def _receive_webhook(incoming: Incoming, event_name: str | None = None) -> Reply:
    note(webhook_id=incoming.webhook_id)
    wired.get().webhooks.receive(
        raw=incoming.raw_webhook(),
        authorization=incoming.header("Authorization") or "",
        signature=incoming.header("Verification-Signature"),
        path_name=event_name,
    )
    return Reply({"status": "received"})


def _dispatch(event: SQSEvent, message: Any) -> None:
    seconds = queue_events.seconds_left(event.context) - 5
    if "batch_id" in message:
        wired.get().batch_work.do(message["batch_id"], message["chunk"], message["task"], seconds)
        return
    wired.get().dispatcher.dispatch(
        message["transaction_id"], message["customer_id"], "queue", seconds
    )


def _customer(customer_id: str) -> str:
    return checked_id(customer_id, ErrorCode.CUSTOMER_NOT_FOUND)


def _batch(batch_id: str) -> str:
    checked = checked_id(batch_id, ErrorCode.BATCH_NOT_FOUND)
    note(batch_id=checked)
    return checked


def _destination(destination_id: str) -> str:
    return checked_id(destination_id, ErrorCode.DESTINATION_NOT_FOUND)


def _payout(transaction_id: str) -> str:
    checked = checked_id(transaction_id, ErrorCode.PAYOUT_NOT_FOUND)
    note(transaction_id=checked)
    return checked


def _letter(message_id: str) -> str:
    return checked_id(message_id, ErrorCode.DEAD_LETTER_NOT_FOUND)


app_loaded()
