"""Access: every route has an authorizer, and the app checks the caller and role itself."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from chalice.app import Chalice, CognitoUserPoolAuthorizer, IAMAuthorizer, RouteEntry

from chalicelib.container import Container, wired
from proof.lambda_events import user
from tests import aws
from tests.world import (
    ADMIN,
    ROLE,
    Caller,
    HttpAnswer,
    World,
    as_admin,
    as_anonymous,
    as_service,
    load_app,
)

SOME_ID: Final = "00000000-0000-4000-8000-000000000000"
OPEN: Final = {
    ("POST", "/webhooks/monoova"),
    ("POST", "/webhooks/monoova/{event_name}"),
    ("GET", "/health"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/docs/{file}"),
    ("GET", "/console"),
    ("GET", "/console/config.json"),
    ("GET", "/console/{file}"),
}
# A body that each route that takes one would act upon.
BODIES: Final[dict[tuple[str, str], object]] = {
    ("POST", "/customers"): {"name": "Jo Citizen"},
    ("PATCH", "/customers/{customer_id}"): {"name": "Jo Citizen"},
    ("POST", "/customers/{customer_id}/destinations"): {
        "type": "BankAccount",
        "bsb": "062-000",
        "account_number": "87654321",
        "account_name": "Jo Citizen",
    },
    ("POST", "/batches/{batch_id}/confirm"): {"total": "1.00"},
    ("POST", "/batches/{batch_id}/reject"): {"reason": "x"},
    ("POST", "/customers/{customer_id}/destinations/{destination_id}/verification/confirm"): {
        "code": "555555"
    },
    ("POST", "/payouts/{transaction_id}/reject"): {"reason": "x"},
    ("POST", "/sending/pause"): {"reason": "x"},
    ("POST", "/payouts/{transaction_id}/resolve"): {"outcome": "Failed", "reason": "x"},
}


def every_route() -> dict[tuple[str, str], RouteEntry]:
    """What the app has, by method and path: a new route is in here without a change."""
    return {
        (method, path): entry
        for path, methods in load_app().app.routes.items()
        for method, entry in methods.items()
    }


ROUTES: Final = every_route()
INTERNAL: Final = sorted(route for route in ROUTES if route[1].startswith("/internal/"))
ADMINS: Final = sorted(ROUTES.keys() - OPEN - set(INTERNAL))


def name_of(route: tuple[str, str]) -> str:
    return " ".join(route)


class Fixture:
    """A world with a customer and a payout, and their ids for use in paths."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.customer_id = world.customer()
        self.payout_id = str(world.pay(self.customer_id).json["transaction_id"])
        customer = world.admin.get(f"/customers/{self.customer_id}").json
        self.message_id = dead_letter(world, {"kind": "Rejected", "reference": "another"})
        self.destination_id = str(customer["destinations"][0]["destination_id"])
        self.file = f"customer_id,amount\n{self.customer_id},1.00\n".encode()
        uploaded = self._upload(world.admin)
        assert uploaded.status == 201, uploaded.text
        self.batch_id = str(uploaded.json["batch_id"])

    def _upload(self, caller: Caller) -> HttpAnswer:
        return caller("POST", "/batches", raw=self.file, headers={"Content-Type": "text/csv"})

    def ask(self, caller: Caller, route: tuple[str, str]) -> HttpAnswer:
        """A request that would succeed for an allowed caller, or fail by its own rules."""
        method, path = route
        if route == ("POST", "/batches"):
            return self._upload(caller)
        for name, value in (
            ("{customer_id}", self.customer_id),
            ("{transaction_id}", self.payout_id),
            ("{destination_id}", self.destination_id),
            ("{batch_id}", self.batch_id),
            ("{date}", "2026-03-01"),
            ("{message_id}", self.message_id),
        ):
            path = path.replace(name, value)
        body = BODIES.get(route, {} if method == "POST" else None)
        if path.removeprefix("/internal").startswith("/destinations/"):
            ids = {"customer_id": self.customer_id, "destination_id": self.destination_id}
            listed = {"count": 1, "digest": "1." + "0" * 32} if path.endswith("approve") else {}
            body = {"destinations": [ids], **listed} if method == "POST" else None
        if path.endswith(("/payouts", "/validate")) and method == "POST":
            body = {
                "customer_id": self.customer_id,
                "amount": 5,
                "destination_id": self.destination_id,
            }
        return caller(method, path, body)

    def snapshot(self) -> object:
        tables = aws.TABLES.values()
        return (
            [self.world.dynamodb.scan(TableName=table)["Items"] for table in tables],
            self.world.monoova.calls,
        )


def dead_letter(world: World, body: object) -> str:
    url = world.environment["PARKED_QUEUE_URL"]
    sent = world.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
    return str(sent["MessageId"])


def contexts_without_a_user() -> Mapping[str, dict[str, Any]]:
    """What API Gateway could pass on if its authorizer were missing or empty."""
    return {
        "nothing at all": {},
        "no claims": {"authorizer": {}},
        "null claims": {"authorizer": {"claims": None}},
        "a null authorizer": {"authorizer": None},
        "claims without sub": {"authorizer": {"claims": {"email": "a@b.example"}}},
        "an empty sub": {"authorizer": {"claims": {"sub": ""}}},
        "a sub that is no text": {"authorizer": {"claims": {"sub": 17}}},
        "another authorizer": {"authorizer": {"principalId": "jo"}},
        "an IAM caller": {"identity": {"userArn": ROLE}},
    }


def contexts_without_a_service() -> Mapping[str, dict[str, Any]]:
    return {
        "nothing at all": {},
        "no identity": {"identity": None},
        "no ARN": {"identity": {"sourceIp": "127.0.0.1"}},
        "a null ARN": {"identity": {"userArn": None}},
        "an empty ARN": {"identity": {"userArn": ""}},
        "an administrator": {"authorizer": {"claims": {"sub": ADMIN}}},
    }


def test_the_routes_are_split_between_three_kinds_of_callers() -> None:
    assert len(ADMINS) > 15
    assert len(INTERNAL) >= 4
    assert set(ROUTES) >= OPEN


@pytest.mark.parametrize("route", ADMINS, ids=name_of)
def test_an_admin_route_is_behind_the_user_pool(route: tuple[str, str]) -> None:
    assert isinstance(ROUTES[route].authorizer, CognitoUserPoolAuthorizer)


@pytest.mark.parametrize("route", INTERNAL, ids=name_of)
def test_an_internal_route_is_behind_iam(route: tuple[str, str]) -> None:
    assert isinstance(ROUTES[route].authorizer, IAMAuthorizer)


@pytest.mark.parametrize("route", sorted(OPEN), ids=name_of)
def test_only_monoova_health_and_pages_are_without_an_authorizer(
    route: tuple[str, str],
) -> None:
    assert ROUTES[route].authorizer is None


def test_the_user_pool_is_the_one_of_the_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    arn = "arn:aws:cognito-idp:ap-southeast-2:111122223333:userpool/ap-southeast-2_x"
    monkeypatch.setenv("COGNITO_USER_POOL_ARN", arn)
    assert load_app().admins.to_swagger()["x-amazon-apigateway-authorizer"]["providerARNs"] == [arn]


def test_every_admin_route_refuses_a_caller_who_is_not_signed_in(world: World) -> None:
    fixture = Fixture(world)
    before = fixture.snapshot()
    for route in ADMINS:
        for context in contexts_without_a_user().values():
            answer = fixture.ask(Caller(world.app, context), route)
            assert (answer.status, answer.code) == (401, "Unauthenticated"), route
            assert set(answer.json) == {"type", "title", "status", "detail", "code", "request_id"}
    assert fixture.snapshot() == before


def test_every_internal_route_refuses_an_unsigned_request(world: World) -> None:
    fixture = Fixture(world)
    before = fixture.snapshot()
    for route in INTERNAL:
        for context in contexts_without_a_service().values():
            answer = fixture.ask(Caller(world.app, context), route)
            assert (answer.status, answer.code) == (401, "Unauthenticated"), route
    assert fixture.snapshot() == before


def test_a_header_alone_authenticates_no_caller(world: World) -> None:
    fixture = Fixture(world)
    headers = {"Authorization": "Bearer token", "X-Amzn-Sub": ADMIN, "sub": ADMIN}
    anonymous = Caller(world.app, {}, headers)
    assert {fixture.ask(anonymous, route).status for route in (*ADMINS, *INTERNAL)} == {401}


def test_a_bad_request_without_authentication_gets_only_401(world: World) -> None:
    for path in ("/customers", "/payouts"):
        answer = world.anonymous("POST", path, raw=b"not json")
        assert (answer.status, answer.code) == (401, "Unauthenticated")
        answer = world.anonymous("GET", f"{path}?limit=0")
        assert (answer.status, answer.code) == (401, "Unauthenticated")


def test_each_route_accepts_the_callers_it_is_for(world: World) -> None:
    fixture = Fixture(world)
    assert world.admin.post("/reports/daily/2026-03-01").status == 200
    world.environment["APPROVER_ROLE_ARNS"] = "arn:aws:iam::111122223333:role/Payer"
    world.restart()
    for route in ADMINS:
        if route[0] != "DELETE":
            assert fixture.ask(world.approver, route).status in {200, 201, 202, 409}, route
    for route in INTERNAL:
        assert fixture.ask(world.service, route).status in {200, 202, 409}, route


def test_a_viewer_changes_nothing_by_any_route(world: World) -> None:
    fixture = Fixture(world)
    viewer = Caller(world.app, user("another-sub", "viewers"))
    before = fixture.snapshot()
    for route in ADMINS:
        if route[0] != "GET":
            answer = fixture.ask(viewer, route)
            assert (answer.status, answer.code) == (403, "Forbidden"), route
    assert fixture.snapshot() == before


def test_a_viewer_sees_no_name_and_no_address_and_none_is_decrypted(world: World) -> None:
    person = {"name": "Quentin Zarathustra", "email": "q@mail.example"}
    customer_id = str(world.admin.post("/customers", person).json["customer_id"])
    viewer = Caller(world.app, user("another-sub", "viewers"))
    for route in ("/customers", f"/customers/{customer_id}"):
        answer = viewer.get(route)
        assert answer.status == 200
        assert "Zarathustra" not in answer.text
        assert "q@mail" not in answer.text
    shown = viewer.get(f"/customers/{customer_id}").json
    assert (shown["name"], shown["email"]) == (None, None)
    for who in (world.admin, world.approver):
        assert who.get(f"/customers/{customer_id}").json["name"] == person["name"]


def test_who_is_in_no_list_may_do_nothing(world: World) -> None:
    fixture = Fixture(world)
    before = fixture.snapshot()
    newcomer = Caller(world.app, user("a-newcomer", "a-group-of-another-app"))
    unlisted = as_service(world.app, "arn:aws:sts::111122223333:assumed-role/Unlisted/session-1")
    for route in (*ADMINS, *INTERNAL):
        if route != ("GET", "/me"):
            answer = fixture.ask(unlisted if route in INTERNAL else newcomer, route)
            assert (answer.status, answer.code) == (403, "Forbidden"), route
    assert newcomer.get("/me").json["roles"] == []
    assert fixture.snapshot() == before


def test_an_operator_may_not_decide_approvals(world: World) -> None:
    fixture = Fixture(world)
    before = fixture.snapshot()
    for route in (*ADMINS, *INTERNAL):
        if route[1].endswith(("/approve", "/reject", "/adopt")):
            caller = world.service if route in INTERNAL else world.admin
            answer = fixture.ask(caller, route)
            assert (answer.status, answer.code) == (403, "Forbidden"), route
    assert fixture.snapshot() == before


# --- the actor


def test_the_history_names_the_administrator(world: World) -> None:
    payout = world.payout(world.paid())
    assert payout["created_by"] == ADMIN
    assert payout["history"][0]["by"] == ADMIN


def test_the_history_names_the_internal_service(world: World) -> None:
    ask = {"customer_id": world.customer(), "amount": 5}
    payout = world.service.post("/internal/payouts", ask).json
    assert payout["created_by"] == ROLE
    assert payout["history"][0]["by"] == ROLE
    shown = world.service.get(f"/internal/payouts/{payout['transaction_id']}")
    assert shown.json["created_by"] == ROLE


def test_the_log_has_the_callers_id_and_not_their_name(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    claims = {"sub": "a-sub", "email": "admin@business.example", "name": "Ada Admin"}
    Caller(world.app, {"authorizer": {"claims": claims}}).get("/payouts")
    text = capsys.readouterr().out
    assert json.loads(text)["actor"] == "a-sub"
    assert "Ada" not in text
    assert "business.example" not in text


def test_a_role_is_one_caller_under_each_of_its_session_names(world: World) -> None:
    ask = {"customer_id": world.customer(), "amount": 5}
    role = "arn:aws:sts::111122223333:assumed-role/Payer"
    first, second = (as_service(world.app, f"{role}/{name}") for name in ("one", "two"))
    paid = first.post("/internal/payouts", ask, Idempotency_Key="key-1")
    again = second.post("/internal/payouts", ask, Idempotency_Key="key-1")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["transaction_id"] == paid.json["transaction_id"]
    assert again.json["created_by"] == f"{role}/one"
    assert len(world.monoova.received) == 1


def test_one_key_of_two_callers_is_two_payouts(world: World) -> None:
    roles = ("arn:aws:iam::111122223333:role/Payer", "arn:aws:iam::111122223333:role/Other")
    world.environment["OPERATOR_ROLE_ARNS"] = ",".join(roles)
    world.restart()
    ask = {"customer_id": world.customer(), "amount": 5}
    other_role = "arn:aws:sts::111122223333:assumed-role/Other/session-1"
    answers = [
        as_admin(world.app, "first").post("/payouts", ask, Idempotency_Key="key-1"),
        as_admin(world.app, "second").post("/payouts", ask, Idempotency_Key="key-1"),
        as_service(world.app).post("/internal/payouts", ask, Idempotency_Key="key-1"),
        as_service(world.app, other_role).post("/internal/payouts", ask, Idempotency_Key="key-1"),
    ]
    ids = {answer.json["transaction_id"] for answer in answers}
    assert len(ids) == 4
    assert [len(world.monoova.book.bookings(one)) for one in ids] == [1, 1, 1, 1]


# --- health


@pytest.fixture
def nothing_set() -> Iterator[None]:
    """An app without a single setting."""
    wired.put(Container(environment={}))
    yield
    wired.put(None)


@pytest.fixture
def app(nothing_set: None) -> Chalice:
    """What the `client` fixture of pytest-chalice sends its requests to."""
    chalice: Chalice = load_app().app
    return chalice


def test_health_answers_through_chalices_own_gateway(client: Any) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok"}


def test_health_is_open_and_needs_no_settings(nothing_set: None) -> None:
    answer = as_anonymous(load_app()).get("/health")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_health_touches_nothing(world: World) -> None:
    world.restart()
    before = set(vars(world.container))
    assert world.anonymous.get("/health").status == 200
    # Every part of the app is kept in the container from its first use on.
    assert set(vars(world.container)) == before
    assert world.monoova.calls == []


def test_without_settings_everything_else_fails_without_saying_what_is_missing(
    nothing_set: None, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = as_admin(load_app()).get("/customers")
    assert (answer.status, answer.code) == (500, "InternalError")
    assert not re.search("MONOOVA|DYNAMODB|Settings", answer.text)
    assert "DYNAMODB_TABLE_CUSTOMERS: missing" in json.loads(capsys.readouterr().out)["outcome"]


# --- CORS


def test_the_admin_app_may_call_every_route_that_is_for_it() -> None:
    for route in (*ADMINS, ("GET", "/health")):
        assert ROUTES[route].cors is not None, route
    for route in (*INTERNAL, *sorted(OPEN - {("GET", "/health")})):
        assert ROUTES[route].cors is None, route


def test_the_origin_of_the_admin_app_is_a_setting(
    monkeypatch: pytest.MonkeyPatch, nothing_set: None
) -> None:
    monkeypatch.setenv("CORS_ALLOW_ORIGIN", "https://admin.example")
    app = load_app()
    for method, path in ADMINS:
        headers = app.app.routes[path][method].cors.get_access_control_headers()
        assert headers["Access-Control-Allow-Origin"] == "https://admin.example"
        assert "Idempotency-Key" in headers["Access-Control-Allow-Headers"]
        assert "Authorization" in headers["Access-Control-Allow-Headers"]
        exposed = headers["Access-Control-Expose-Headers"]
        assert exposed == "Idempotent-Replayed,Next-Cursor,Retry-After"
    answer = as_anonymous(app).get("/health")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://admin.example"


def test_the_admin_app_may_read_refusals_too(world: World) -> None:
    answers = [
        world.anonymous.get("/customers"),
        world.admin.post("/payouts", {}),
        world.admin.get(f"/payouts/{SOME_ID}"),
        world.admin("POST", "/payouts", raw=b"x", headers={"Content-Type": "text/plain"}),
    ]
    assert [answer.status for answer in answers] == [401, 400, 404, 415]
    for answer in answers:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
