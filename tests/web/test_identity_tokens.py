"""The app verifies each person's token itself: what API Gateway says of it is not enough."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import rsa

from chalicelib.core.errors import UnauthenticatedError
from chalicelib.web.identity_tokens import KeysUnavailableError, PoolKeys, TokenVerifier, issuer_of
from chalicelib.web.pool_keys import address_of
from proof.lambda_events import user
from proof.user_pool import CLIENT_ID, KEY_ID, POOL_ID, claims_of, key_set, signed, token_of
from simulator.clock import ManualClock
from tests.world import ADMIN, Caller, World

NOW: Final = datetime(2026, 3, 2, 1, tzinfo=UTC)
GROUP: Final = {"cognito:groups": ["operators"]}


class Clock:
    """The app's view of a manual clock."""

    def __init__(self) -> None:
        self.manual = ManualClock()

    def now(self) -> datetime:
        return self.manual()

    def sleep(self, seconds: float) -> None:
        self.manual.advance(seconds)


class Published:
    """The pool's keys as they are fetched; counts how often."""

    def __init__(self) -> None:
        self.document: bytes | None = key_set()
        self.fetched = 0

    def __call__(self) -> bytes:
        self.fetched += 1
        if self.document is None:
            raise KeysUnavailableError
        return self.document


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
def verifier(published: Published, clock: Clock) -> TokenVerifier:
    return TokenVerifier(POOL_ID, CLIENT_ID, PoolKeys(published, clock), clock)


def part(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def unsigned(claims: Mapping[str, Any], algorithm: str = "none") -> str:
    return f"{part({'alg': algorithm, 'kid': KEY_ID})}.{part(claims)}."


def signed_by_secret(claims: Mapping[str, Any]) -> str:
    """The known confusion: the public key taken for a secret one."""
    content = f"{part({'alg': 'HS256', 'kid': KEY_ID})}.{part(claims)}"
    mac = hmac.HMAC(key_set(), hashes.SHA256())
    mac.update(content.encode())
    return f"{content}.{part(mac.finalize())}"


def altered(token: str) -> str:
    head, middle, signature = token.split(".")
    return f"{head}.{middle}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def with_claims(token: str, claims: Mapping[str, Any]) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{part(claims)}.{signature}"


GOOD: Final = claims_of("a-sub") | GROUP
FORGED: Final[Mapping[str, str]] = {
    "none at all": "",
    "no token": "garbage",
    "two parts": ".".join(signed(GOOD).split(".")[:2]),
    "four parts": f"{signed(GOOD)}.more",
    "a signature that was altered": altered(signed(GOOD)),
    "claims that were exchanged": with_claims(signed(GOOD), GOOD | {"sub": "another"}),
    "without a signature": unsigned(GOOD),
    "without a signature, said to have one": unsigned(GOOD, "RS256"),
    "signed with the public key as a secret": signed_by_secret(GOOD),
    "another algorithm named": signed(GOOD, {"alg": "RS512"}),
    "an extension that has to be understood": signed(GOOD, {"crit": ["exp"]}),
    "a key that the pool does not have": signed(GOOD, {"kid": "another"}),
    "no key named": signed(GOOD, {"kid": None}),
    "of another pool": signed(GOOD | {"iss": issuer_of("ap-southeast-2_Other")}),
    "of an address that only begins so": signed(GOOD | {"iss": f"{issuer_of(POOL_ID)}x"}),
    "for another app client": signed(GOOD | {"aud": "another"}),
    "for several": signed(GOOD | {"aud": [CLIENT_ID]}),
    "an access token": signed(GOOD | {"token_use": "access"}),
    "over": signed(GOOD | {"exp": int(NOW.timestamp())}),
    "without an end": signed({name: value for name, value in GOOD.items() if name != "exp"}),
    "an end that is no number": signed(GOOD | {"exp": "4102444800"}),
    "an end that is true": signed(GOOD | {"exp": True}),
    "no sub": signed(GOOD | {"sub": None}),
    "claims that are no object": f"{signed(GOOD).split('.')[0]}.{part([])}.",
    "far too long": signed(GOOD | {"more": "x" * 8192}),
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_a_token_that_is_not_the_pools_own_for_us_is_refused(
    verifier: TokenVerifier, token: str
) -> None:
    with pytest.raises(UnauthenticatedError):
        verifier.claims_of(token)


def test_a_good_token_is_good_until_its_last_second(verifier: TokenVerifier, clock: Clock) -> None:
    token = signed(GOOD | {"exp": int(NOW.timestamp()) + 300})
    assert verifier.claims_of(token)["sub"] == "a-sub"
    clock.sleep(299)
    assert verifier.claims_of(token)["sub"] == "a-sub"
    clock.sleep(1)
    with pytest.raises(UnauthenticatedError):
        verifier.claims_of(token)


@pytest.mark.parametrize(("pool_id", "client_id"), [("", CLIENT_ID), (POOL_ID, ""), ("", "")])
def test_where_no_pool_is_named_no_token_is_taken(
    published: Published, clock: Clock, pool_id: str, client_id: str
) -> None:
    verifier = TokenVerifier(pool_id, client_id, PoolKeys(published, clock), clock)
    token = signed(GOOD | {"iss": issuer_of(pool_id), "aud": client_id})
    with pytest.raises(UnauthenticatedError):
        verifier.claims_of(token)


# --- the pool's keys


def test_the_keys_are_fetched_once_and_again_for_a_new_one_but_not_at_will(
    verifier: TokenVerifier, published: Published, clock: Clock
) -> None:
    for _ in range(3):
        verifier.claims_of(signed(GOOD))
    for _ in range(3):
        with pytest.raises(UnauthenticatedError):
            verifier.claims_of(FORGED["a key that the pool does not have"])
    assert published.fetched == 1
    clock.sleep(60)
    for _ in range(3):
        with pytest.raises(UnauthenticatedError):
            verifier.claims_of(FORGED["a key that the pool does not have"])
    assert published.fetched == 2


def test_a_key_that_the_pool_takes_back_is_good_for_a_day_at_the_most(
    verifier: TokenVerifier, published: Published, clock: Clock
) -> None:
    verifier.claims_of(signed(GOOD))
    published.document = json.dumps({"keys": []}).encode()
    clock.sleep(timedelta(days=1).total_seconds() - 1)
    verifier.claims_of(signed(GOOD))
    clock.sleep(1)
    with pytest.raises(UnauthenticatedError):
        verifier.claims_of(signed(GOOD))


def test_known_keys_serve_while_the_pool_does_not_answer(
    verifier: TokenVerifier, published: Published, clock: Clock
) -> None:
    verifier.claims_of(signed(GOOD))
    published.document = None
    clock.sleep(timedelta(days=1).total_seconds())
    verifier.claims_of(signed(GOOD))


def test_without_keys_no_token_is_judged_and_the_next_request_asks_again(
    verifier: TokenVerifier, published: Published
) -> None:
    published.document = None
    for _ in range(2):
        with pytest.raises(KeysUnavailableError):
            verifier.claims_of(signed(GOOD))
    published.document = key_set()
    assert verifier.claims_of(signed(GOOD))["sub"] == "a-sub"


@pytest.mark.parametrize(
    "document", [b"", b"[]", b"{}", b'{"keys": 7}', b'{"keys": [{"kty": "RSA"}]}']
)
def test_what_is_no_key_set_is_as_good_as_none(
    verifier: TokenVerifier, published: Published, document: bytes
) -> None:
    published.document = document
    with pytest.raises(KeysUnavailableError):
        verifier.claims_of(signed(GOOD))


def test_a_key_that_is_too_short_is_none(verifier: TokenVerifier, published: Published) -> None:
    numbers = rsa.generate_private_key(65537, 1024).public_key().public_numbers()  # noqa: S505 - what is refused
    short = {"kty": "RSA", "kid": "short", "e": "AQAB", "n": part(numbers.n.to_bytes(128, "big"))}
    elliptic = {"kty": "EC", "kid": "elliptic"}
    keys = [short, elliptic, *json.loads(key_set())["keys"]]
    published.document = json.dumps({"keys": keys}).encode()
    assert verifier.claims_of(signed(GOOD))["sub"] == "a-sub"
    with pytest.raises(UnauthenticatedError):
        verifier.claims_of(signed(GOOD, {"kid": "short"}))


def test_the_keys_are_where_the_pool_is() -> None:
    at_aws = f"https://cognito-idp.ap-southeast-2.amazonaws.com/{POOL_ID}/.well-known/jwks.json"
    assert address_of(POOL_ID) == at_aws
    here = address_of(POOL_ID, "http://127.0.0.1:4566")
    assert here == f"http://127.0.0.1:4566/{POOL_ID}/.well-known/jwks.json"


# --- through the app


def test_an_authorizer_that_was_deceived_lets_no_request_in(world: World) -> None:
    """What API Gateway passes on has to be what the token itself says."""
    claims = user(ADMIN)
    for token in FORGED.values():
        answer = Caller(world.app, claims, {"Authorization": token}).get("/customers")
        assert (answer.status, answer.code) == (401, "Unauthenticated")
    others = Caller(world.app, claims, {"Authorization": token_of("another", ("approvers",))})
    assert others.get("/customers").code == "Unauthenticated"
    own = Caller(world.app, claims, {"Authorization": f"Bearer {token_of(ADMIN, ('viewers',))}"})
    assert own.get("/me").json["roles"] == ["viewer"]


@pytest.mark.parametrize(
    "groups",
    [
        ["leave,approvers"],
        ["[approvers]"],
        ["Approvers"],
        [" approvers"],
        "approvers",
        {"approvers": 1},
        [["approvers"]],
        ["approvers", 7],
    ],
)
def test_the_name_of_a_group_counts_to_the_letter(world: World, groups: object) -> None:
    """Seen: a group called `leave,approvers` was read as two."""
    token = signed(claims_of(ADMIN) | {"cognito:groups": groups})
    caller = Caller(world.app, user(ADMIN, "approvers"), {"Authorization": token})
    assert caller.get("/me").json["roles"] == []


def test_while_the_pools_keys_cannot_be_had_a_person_is_told_to_try_again(
    new_world: Callable[..., World],
) -> None:
    world = new_world()

    def fails(_address: str) -> bytes:
        raise KeysUnavailableError

    world.container._given_fetch = fails
    answer = world.admin.get("/customers")
    assert (answer.status, answer.code) == (503, "StorageUnavailable")
    assert world.service.get("/internal/customers").status == 200
