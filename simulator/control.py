"""`/simulator/...`: what a checker reads and a tester switches. Monoova has nothing like it.

No authentication; not counted among the calls; not touched by an outage.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal, InvalidOperation

from simulator.book import Movement
from simulator.inbound import Rails
from simulator.messages import Json, Reply, Request, from_json, html, to_json
from simulator.monoova import Monoova
from simulator.outcomes import Outcome
from simulator.triggers import table_lines

PREFIX = "/simulator/"


def answer(monoova: Monoova, request: Request) -> Reply:
    """What the HTTP server and the adapter do with a request."""
    if not request.path.startswith(PREFIX):
        return monoova.handle(request)
    act = _ACTS.get((request.method, request.path))
    if act is None:
        return html(404, "Not Found")
    try:
        return act(monoova, request)
    except (TypeError, ValueError) as reason:
        return _json({"error": str(reason)}, 400)


def _book(monoova: Monoova, request: Request) -> Reply:
    """The balance and every movement, or those of `?reference=`; amounts as exact text."""
    book = monoova.book
    reference = request.query.get("reference")
    movements = book.movements if reference is None else book.of(reference)
    return _json(
        {
            "openingBalance": str(book.opening_balance),
            "balance": str(book.balance),
            "doubleBookings": book.double_bookings(),
            "movements": [_movement(movement) for movement in movements],
        }
    )


def _calls(monoova: Monoova, _: Request) -> Reply:
    return _json({"calls": _rows(asdict(call) for call in monoova.calls)})


def _received(monoova: Monoova, _: Request) -> Reply:
    return _json(
        {
            "received": [
                {
                    "at": row.at.isoformat(),
                    "endpoint": row.endpoint,
                    "raw": row.raw.decode("utf-8", "replace"),
                    "parsed": row.parsed,
                    "sourceFields": row.source_fields,
                    "unknownFields": row.unknown_fields,
                }
                for row in monoova.received
            ]
        }
    )


def _webhooks(monoova: Monoova, _: Request) -> Reply:
    """Every webhook with its tries; without its `Authorization` value."""
    return _json(
        {
            "webhooks": [
                {
                    "webhookId": row.webhook_id,
                    "eventName": row.event_name,
                    "url": row.url,
                    "body": row.body.decode(),
                    "tries": row.tries,
                    "lastCode": row.last_code,
                    "lastError": row.last_error,
                    "isDelivered": row.is_delivered,
                }
                for row in monoova.notifications
            ]
        }
    )


def _behaviour(monoova: Monoova, _: Request) -> Reply:
    """Every switch under the name by which it is set."""
    return _json({name: _plain(value) for name, value in asdict(monoova.behaviour).items()})


def _behave(monoova: Monoova, request: Request) -> Reply:
    """`{"duplicate": "replayed", ...}`"""
    monoova.behave(**_object(request))
    return _behaviour(monoova, request)


def _script(monoova: Monoova, request: Request) -> Reply:
    """`{"outcomes": ["timeout_after_booking", ...], "reference": "po-1"}`; no reference: any."""
    body = _object(request)
    names, reference = body.get("outcomes"), body.get("reference")
    if not isinstance(names, list) or not isinstance(reference, str | None):
        raise TypeError("outcomes must be an array, reference a text or absent")
    outcomes = [Outcome(name) for name in names]
    monoova.script(*outcomes, reference=reference)
    return _json({"scripted": [outcome.value for outcome in outcomes]})


def _inbound(monoova: Monoova, request: Request) -> Reply:
    """`{"amounts": ["500.00"], "rails": "NPP"}` or `"DirectCredit"`: money comes in."""
    body = _object(request)
    amounts = body.get("amounts")
    if not isinstance(amounts, list) or not amounts:
        raise TypeError("amounts must be an array")
    try:
        read = [Decimal(str(amount)) for amount in amounts]
    except InvalidOperation:
        raise TypeError("amounts must be decimals") from None
    rails = Rails(str(body.get("rails", "NPP")))
    return _json({"transactionIds": monoova.receive(*read, rails=rails)})


def _keys(monoova: Monoova, request: Request) -> Reply:
    """`{"apiKey": "new"}` and/or `{"signingKey": true}`: rotate them."""
    body = _object(request)
    api_key = body.get("apiKey")
    if isinstance(api_key, str):
        monoova.rotate_key(api_key)
    if body.get("signingKey") is True:
        monoova.rotate_signing_key()
    return _json({"apiKey": isinstance(api_key, str), "signingKey": body.get("signingKey") is True})


def _reset(monoova: Monoova, _: Request) -> Reply:
    monoova.reset()
    return _json({"reset": True})


def _triggers(_: Monoova, __: Request) -> Reply:
    return Reply(200, "\n".join(table_lines()).encode(), "text/plain; charset=utf-8")


_ACTS: dict[tuple[str, str], Callable[[Monoova, Request], Reply]] = {
    ("GET", "/simulator/book"): _book,
    ("GET", "/simulator/calls"): _calls,
    ("GET", "/simulator/received"): _received,
    ("GET", "/simulator/webhooks"): _webhooks,
    ("GET", "/simulator/behaviour"): _behaviour,
    ("POST", "/simulator/behaviour"): _behave,
    ("POST", "/simulator/script"): _script,
    ("POST", "/simulator/inbound"): _inbound,
    ("POST", "/simulator/keys"): _keys,
    ("POST", "/simulator/reset"): _reset,
    ("GET", "/simulator/triggers"): _triggers,
}


def _movement(movement: Movement) -> Json:
    return _row(asdict(movement))


def _rows(rows: Iterable[Json]) -> list[Json]:
    return [_row(row) for row in rows]


def _row(row: Json) -> Json:
    """Keys in camelCase, moments in RFC 3339, exact decimals as text."""
    return {_camel(name): _plain(value) for name, value in row.items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _object(request: Request) -> Json:
    body = from_json(request.body)
    if not isinstance(body, dict):
        raise TypeError("the body must be a JSON object")
    return body


def _json(payload: object, http: int = 200) -> Reply:
    return Reply(http, to_json(payload))
