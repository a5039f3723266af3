"""HTTP: who asks, what for, and how every outcome becomes an answer."""

import functools
import json
import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Protocol

import simplejson
from chalice.app import Chalice, Request, Response

from chalicelib.core import observability
from chalicelib.core.actor import Actor, Role, ServiceRoles, service, user
from chalicelib.core.dynamodb.items import ItemRefusedError, StorageUnavailableError
from chalicelib.core.dynamodb.readable import UnreadableItemError
from chalicelib.core.encryption import SealBrokenError, VaultUnavailableError
from chalicelib.core.errors import (
    AccessEndedError,
    AppError,
    CallerError,
    ConflictError,
    ErrorCode,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    PayloadTooLargeError,
    SettingsError,
    TryAgainError,
    UnauthenticatedError,
    UnsupportedMediaTypeError,
)
from chalicelib.core.observability import Metric
from chalicelib.core.secrets import SecretUnavailableError, WrongEnvironmentError
from chalicelib.web.identity_tokens import (
    KeysUnavailableError,
    TokenVerifier,
    email_in,
    groups_in,
    signed_in_at,
)

if TYPE_CHECKING:
    # At run time only by requests that have something to load: 46 ms of a cold start.
    from marshmallow import Schema

_MOST_BODY_BYTES: Final = 16 * 1024
_MOST_WEBHOOK_BYTES: Final = 256 * 1024
# 20,000 rows of 200 bytes. Lambda takes 6 MB, of which base64 leaves 4.5.
_MOST_FILE_BYTES: Final = 4 * 1024 * 1024
_MOST_KEY_CHARACTERS: Final = 255
# API Gateway gives up after 29 s, the cold start and the last write to the database included.
_MOST_SECONDS: Final = 20.0
_SECONDS_TO_ANSWER: Final = 3.0

ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DAY: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")

_FORBIDDEN: Final = {
    Role.VIEWER: "An administrator has to give you a role first.",
    Role.OPERATOR: "Viewers may look, but change nothing.",
    Role.APPROVER: "Only approvers may approve or reject.",
}

_TITLES: Final = {
    400: "The request is not valid",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Payload too large",
    415: "Unsupported media type",
    422: "Refused",
    500: "Internal error",
    503: "Try again later",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer. A `body` of None is an empty one; one that is a text goes out as it is,
    under the Content-Type that `headers` name.
    """

    body: Mapping[str, Any] | str | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class RoleSettings(Protocol):
    """What the deployment says of who may do what."""

    @property
    def roles_without_group(self) -> frozenset[Role]:
        """The roles of a person who is in none of our groups."""
        ...

    @property
    def service_roles(self) -> ServiceRoles:
        """The roles of services."""
        ...

    @property
    def persons(self) -> Mapping[str, frozenset[str]]:
        """By subject, all subjects of the same person, of those who have several."""
        ...

    @property
    def approval_sign_in_minutes(self) -> int:
        """How old a sign-in may be that decides on what another asked for; 0: any."""
        ...


class PayoutsApp(Chalice):
    """Chalice, with the deployment's `settings`, what verifies its people's `tokens`, and the
    subjects of those who are `disabled` now.

    Each is asked where it is needed: no page needs any.
    """

    def __init__(
        self,
        app_name: str,
        settings: Callable[[], RoleSettings],
        tokens: Callable[[], TokenVerifier],
        disabled: Callable[[], Set[str]],
    ) -> None:
        super().__init__(app_name)
        self.settings = settings
        self.tokens = tokens
        self.disabled = disabled


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request, with what may be asked of it."""

    request: Request
    lambda_context: Any
    settings: Callable[[], RoleSettings]
    tokens: Callable[[], TokenVerifier]
    disabled: Callable[[], Set[str]]

    @classmethod
    def to(cls, app: PayoutsApp) -> "Incoming":
        request = app.current_request
        assert request is not None  # Chalice sets it before it calls a view
        return cls(request, app.lambda_context, app.settings, app.tokens, app.disabled)

    def administrator(self) -> Actor:
        """The person who asks to see something; who has no role may see nothing.

        Raises:
            UnauthenticatedError, ForbiddenError
        """
        return _allowed(self.signed_in(), Role.VIEWER)

    def payer(self) -> Actor:
        """The operator who asks for a payout: whether they were disabled is read with the payout.

        Raises:
            UnauthenticatedError, ForbiddenError
        """
        return _allowed(self._person(), Role.OPERATOR)

    def signed_in(self) -> Actor:
        """The person who asks, with their roles, if any.

        Raises:
            UnauthenticatedError: there is none.
            ForbiddenError: they were disabled since their token was made.
        """
        return self._enabled(self._person())

    def _person(self) -> Actor:
        """The person that API Gateway's Cognito authorizer let in, by their own token.

        Raises:
            UnauthenticatedError: there is none: an authorizer that is missing lets no request in,
                nor does one that was deceived.
        """
        passed_on = (self.request.context.get("authorizer") or {}).get("claims") or {}
        sub = passed_on.get("sub")
        if not isinstance(sub, str) or not sub:
            raise UnauthenticatedError("Sign in first.")
        token = (self.header("Authorization") or "").removeprefix("Bearer ")
        claims = self.tokens().claims_of(token)
        if claims["sub"] != sub:
            raise UnauthenticatedError("Sign in again.")
        # From the token: API Gateway passes the groups on as one text, in which the name of one
        # may look like the names of two.
        person = user(sub, groups_in(claims), self.settings().roles_without_group)
        return self._known(
            replace(person, email=email_in(claims), signed_in_at=signed_in_at(claims))
        )

    def operator(self) -> Actor:
        """The operator who asks for a change; a viewer may not.

        Raises:
            UnauthenticatedError, ForbiddenError
        """
        return _allowed(self.signed_in(), Role.OPERATOR)

    def approver(self) -> Actor:
        """The approver who decides on what another person asked for.

        Raises:
            UnauthenticatedError: they have to sign in again first.
            ForbiddenError
        """
        person = _allowed(self.signed_in(), Role.APPROVER)
        minutes = self.settings().approval_sign_in_minutes
        if minutes and self.tokens().seconds_since(person.signed_in_at) > minutes * 60:
            raise UnauthenticatedError(
                f"Sign in again to decide: your sign-in is older than {minutes} minutes."
            )
        return person

    def service(self, needed: Role = Role.VIEWER) -> Actor:
        """The IAM principal that asks, with the deployment's roles.

        Raises:
            UnauthenticatedError: there is none.
            ForbiddenError: it may not do what `needed` may, or was disabled.
        """
        return self._enabled(_allowed(self._principal(), needed))

    def paying_service(self) -> Actor:
        """The role that asks for a payout: whether it was disabled is read with the payout.

        Raises:
            UnauthenticatedError, ForbiddenError
        """
        return _allowed(self._principal(), Role.OPERATOR)

    def _principal(self) -> Actor:
        """The IAM principal whose signature API Gateway has checked.

        Raises:
            UnauthenticatedError: there is none.
        """
        arn = (self.request.context.get("identity") or {}).get("userArn")
        if not isinstance(arn, str) or not arn:
            raise UnauthenticatedError("Sign the request with IAM credentials.")
        return self._known(service(arn, self.settings().service_roles))

    def _enabled(self, actor: Actor) -> Actor:
        if actor.is_among(self.disabled()):
            raise AccessEndedError
        return actor

    def _known(self, actor: Actor) -> Actor:
        """The actor with the other subjects of the same person; noted for the log."""
        observability.note(actor=actor.name)
        return replace(actor, also=self.settings().persons.get(actor.subject, frozenset()))

    @property
    def seconds_left(self) -> float:
        """How long the work on this request may take."""
        remaining = self.lambda_context.get_remaining_time_in_millis() / 1000
        return float(max(0.0, min(_MOST_SECONDS, remaining - _SECONDS_TO_ANSWER)))

    @property
    def idempotency_key(self) -> str | None:
        """The `Idempotency-Key`: 1 to 255 visible ASCII characters."""
        key = self.header("Idempotency-Key")
        if key is None:
            return None
        is_visible = key.isascii() and key.isprintable() and " " not in key
        if not is_visible or not 1 <= len(key) <= _MOST_KEY_CHARACTERS:
            raise InvalidRequestError(
                {"Idempotency-Key": ["Must be 1 to 255 visible ASCII characters."]}
            )
        return key

    def header(self, name: str) -> str | None:
        value = self.request.headers.get(name)
        return str(value) if value is not None else None

    @property
    def webhook_id(self) -> str | None:
        """Monoova's number of the delivery: for the log, nothing is decided by it."""
        value = self.header("Webhookid")
        return value if value and value.isascii() and value.isdigit() else None

    def raw_webhook(self) -> bytes:
        """A webhook's body, untouched: what its signature was made over."""
        return self._raw(_MOST_WEBHOOK_BYTES)

    def is_announced_as(self, media_type: str) -> bool:
        """Whether the body is said to be of this type."""
        announced = (self.header("Content-Type") or "").partition(";")[0]
        return announced.strip().lower() == media_type

    def raw_file(self, media_type: str) -> bytes:
        """A file as it was sent.

        Raises:
            UnsupportedMediaTypeError: it is announced as something else.
            PayloadTooLargeError
        """
        if not self.is_announced_as(media_type):
            raise UnsupportedMediaTypeError(f"Send {media_type}.")
        return self._raw(_MOST_FILE_BYTES)

    def body_with_file(self, schema: "Schema") -> Any:
        """A JSON body that may hold a file, as `schema` loads it.

        Raises:
            InvalidRequestError, PayloadTooLargeError
        """
        return _loaded(schema, _json_object(self._raw(_MOST_FILE_BYTES)))

    def body(self, schema: "Schema") -> Any:
        """The JSON body as `schema` loads it; one that asks for no field may be left out.

        A body of blanks is neither: it is refused as what is not JSON.

        Raises:
            InvalidRequestError, PayloadTooLargeError
        """
        raw = self._raw(_MOST_BODY_BYTES)
        needs_body = not getattr(schema, "may_be_left_out", False)
        document = _json_object(raw) if raw or needs_body else {}
        return _loaded(schema, document)

    def query(self, schema: "Schema") -> Any:
        """The query parameters as `schema` loads them."""
        given = self.request.query_params
        if not given:
            return _loaded(schema, {})
        repeated = {
            name: ["Given more than once."] for name in given if len(given.getlist(name)) > 1
        }
        once = {name: given[name] for name in given if name not in repeated}
        return _loaded(schema, once, repeated)

    def _raw(self, most: int) -> bytes:
        raw = self.request.raw_body or b""
        content = raw.encode() if isinstance(raw, str) else bytes(raw)
        if len(content) > most:
            raise PayloadTooLargeError(f"The body is larger than {most} bytes.")
        return content


def _allowed(actor: Actor, role: Role) -> Actor:
    if not actor.may(role):
        raise ForbiddenError(_FORBIDDEN[role])
    return actor


def is_id(text: str) -> bool:
    """Whether a text has the form of our ids."""
    return ID.fullmatch(text) is not None


def checked_id(text: str, code: ErrorCode) -> str:
    """An id from a path; one that cannot be an id of ours is not found."""
    if not is_id(text):
        raise NotFoundError("There is nothing under this id.", code)
    return text


def checked_day(text: str) -> date:
    """A day from a path, as RFC 3339 has it.

    Raises:
        InvalidRequestError
    """
    if DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise InvalidRequestError({"date": ["Not a date such as 2026-11-24."]})


class _NotJsonError(ValueError):
    """The text is not JSON as RFC 8259 has it, or names a field twice."""


def _refuse_constant(_name: str) -> None:
    raise _NotJsonError


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise _NotJsonError
    return document


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        document = json.loads(
            raw.decode(),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_once,
        )
    except (ValueError, ArithmeticError, RecursionError):
        raise InvalidRequestError({}, "The body is not valid JSON.") from None
    if not isinstance(document, dict):
        raise InvalidRequestError({}, "The body is not a JSON object.")
    return document


def _loaded(
    schema: "Schema", document: Mapping[str, Any], found: Mapping[str, list[str]] | None = None
) -> Any:
    """The document as `schema` loads it; `found` is what is known to be wrong already."""
    from marshmallow import ValidationError

    errors = dict(found or {})
    try:
        loaded = schema.load(document)
    except ValidationError as error:
        errors |= dict(_flat(error.messages))
    if errors:
        raise InvalidRequestError(errors)
    return loaded


def _flat(messages: Any, prefix: str = "") -> list[tuple[str, list[str]]]:
    """Marshmallow's nested messages as `field.subfield: [message]`."""
    if isinstance(messages, list):
        return [(prefix or "body", [str(message) for message in messages])]
    return [
        pair
        for name, inner in messages.items()
        for pair in _flat(inner, prefix if name == "_schema" else f"{prefix}.{name}".lstrip("."))
    ]


def answering(view: Callable[..., Reply]) -> Callable[..., Response]:
    """Makes a view's `Reply`, or whatever it raises, the HTTP answer."""

    @functools.wraps(view)
    def answered(*args: Any, **kwargs: Any) -> Response:
        try:
            reply = view(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the one place where an error becomes an answer
            return _problem(_understood(error))
        return Response(
            body=_text(reply.body) if reply.body is not None else "",
            status_code=reply.status,
            headers={"Content-Type": "application/json", **reply.headers},
        )

    return answered


def _understood(error: Exception) -> AppError:
    """The error as it is answered; an unexpected one is noted without its message."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, UnreadableItemError):
        return _broken(error)
    observability.note_error(error)
    if isinstance(error, (ItemRefusedError, SealBrokenError)):
        observability.count(Metric.ROWS_UNREADABLE)
        return _broken(error)
    if isinstance(error, StorageUnavailableError):
        return TryAgainError("The database cannot be reached.", ErrorCode.STORAGE_UNAVAILABLE)
    if isinstance(error, WrongEnvironmentError):
        return TryAgainError(f"Nothing is sent. {error}", ErrorCode.WRONG_ENVIRONMENT)
    if isinstance(error, (VaultUnavailableError, SecretUnavailableError, KeysUnavailableError)):
        return TryAgainError("Keys cannot be read at the moment.", ErrorCode.STORAGE_UNAVAILABLE)
    if isinstance(error, SettingsError):
        observability.note(outcome=str(error))
    return AppError("Something went wrong here.")


def _broken(error: Exception) -> ConflictError:
    """What is stored is at fault, and the caller can do nothing about it."""
    detail = "What is stored cannot be changed as it stands: an operator has to mend it."
    if isinstance(error, SealBrokenError):
        detail = "A stored record failed its integrity check."
    if isinstance(error, UnreadableItemError):
        what = f"The {error.kind} {error.name} is stored"
        detail = f"{what}, but cannot be read: an operator has to mend it."
    return ConflictError(detail, ErrorCode.RECORD_UNREADABLE)


def _problem(error: AppError) -> Response:
    """RFC 9457."""
    observability.note(code=error.code.value)
    body: dict[str, Any] = {
        "type": f"urn:monoova-payouts:error:{error.code}",
        "title": _TITLES[error.status],
        "status": error.status,
        "detail": error.detail,
        "code": error.code.value,
        "request_id": observability.noted("request_id"),
    }
    if error.errors:
        body["errors"] = error.errors
    if error.transaction_id:
        body["transaction_id"] = error.transaction_id
    if error.batch_id:
        body["batch_id"] = error.batch_id
    headers: dict[str, Any] = {"Content-Type": "application/problem+json"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return Response(body=_text(body), status_code=error.status, headers=headers)


def _text(body: Mapping[str, Any] | str) -> str:
    if isinstance(body, str):
        return body
    text: str = simplejson.dumps(body, use_decimal=True)
    return text


class _MethodNotAllowedError(CallerError):
    """The path exists, but does not take the method. API Gateway answers before we do."""

    status = 405
    default_code = ErrorCode.METHOD_NOT_ALLOWED


# What an answer says to a browser where the page itself says nothing else. Answers are of this
# moment and for one caller; the address is only ever asked by TLS; no page needs a device.
_ALWAYS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def guarded(response: Response) -> Response:
    """The answer with the headers that every answer has, its own before ours."""
    response.headers = {**_ALWAYS, **response.headers}
    return response


def as_problem(response: Response) -> Response:
    """An error that Chalice itself answered, in the form of all others."""
    if not isinstance(response.body, dict) or response.status_code < 400:
        return response
    error = {
        405: _MethodNotAllowedError("This path does not take this method."),
        415: UnsupportedMediaTypeError("Send application/json."),
    }.get(response.status_code, AppError("Something went wrong here."))
    problem = _problem(error)
    kept = {name: value for name, value in response.headers.items() if name != "Content-Type"}
    problem.headers.update(kept)
    return problem
