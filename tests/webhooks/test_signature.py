"""Monoova's webhook signature: what is accepted, and how often the public key is fetched."""

import base64
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.webhooks.signature import KeyUnavailableError, SignatureVerifier
from simulator.clock import ManualClock
from simulator.signing import new_key
from simulator.testing import shared_signing_key

BODY: Final = b'{"UniqueReference": "a", "Amount": 125.50}'


@cache
def other_key() -> rsa.RSAPrivateKey:
    return new_key()


def der(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)


def signature(key: rsa.RSAPrivateKey, body: bytes = BODY) -> str:
    return base64.b64encode(key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()


class HandClock(ManualClock):
    """The app's clock, moved by hand."""

    now = ManualClock.__call__
    sleep = ManualClock.advance


@dataclass
class Publisher:
    """A source of the public key that counts its calls, and may have no key."""

    key: bytes | None = field(default_factory=lambda: der(shared_signing_key()))
    fetches: int = 0

    def __call__(self) -> bytes | None:
        self.fetches += 1
        return self.key


def verifier(publisher: Publisher, clock: HandClock | None = None) -> SignatureVerifier:
    return SignatureVerifier(publisher, clock or HandClock())


def test_a_signature_over_the_raw_body_is_accepted_and_the_key_fetched_once() -> None:
    publisher = Publisher()
    checking = verifier(publisher)
    for number in range(3):
        body = BODY + b" " * number
        assert checking.verify(body, signature(shared_signing_key(), body))
    assert publisher.fetches == 1


def test_a_key_as_an_x509_structure_is_taken_too() -> None:
    public = shared_signing_key().public_key()
    publisher = Publisher(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    assert verifier(publisher).verify(BODY, signature(shared_signing_key()))


def _pss() -> str:
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
    return base64.b64encode(shared_signing_key().sign(BODY, scheme, hashes.SHA256())).decode()


def _sha1() -> str:
    signed = shared_signing_key().sign(BODY, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    return base64.b64encode(signed).decode()


GOOD: Final = signature(shared_signing_key())


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "=",
        "not base64 at all",
        "ünïcode",
        GOOD[:-4],
        GOOD[:40],
        GOOD + "AAAA",
        GOOD + "\n",
        GOOD[:50] + " " + GOOD[50:],
        GOOD.rstrip("="),
        base64.b64encode(bytes(256)).decode(),
        base64.b64encode(b"\xff" * 256).decode(),
        base64.urlsafe_b64encode(b"\xfb\xff" * 128).decode(),
        signature(shared_signing_key(), BODY + b" "),
        signature(other_key()),
        _pss(),
        _sha1(),
    ],
    ids=lambda _: "signature",  # they differ from run to run
)
def test_whatever_is_not_monoovas_signature_over_this_body_is_refused(wrong: str) -> None:
    assert not verifier(Publisher()).verify(BODY, wrong)


def test_what_is_not_base64_does_not_even_make_us_fetch_the_key() -> None:
    publisher = Publisher()
    assert not verifier(publisher).verify(BODY, "no")
    assert publisher.fetches == 0


def test_a_rotated_key_is_fetched_once_and_accepted() -> None:
    publisher, clock = Publisher(), HandClock()
    checking = verifier(publisher, clock)
    assert checking.verify(BODY, GOOD)
    clock.advance(61)
    publisher.key = der(other_key())
    assert checking.verify(BODY, signature(other_key()))
    assert checking.verify(BODY, signature(other_key()))
    assert publisher.fetches == 2


def test_the_former_key_is_honoured_for_a_day_after_a_rotation() -> None:
    publisher, clock = Publisher(), HandClock()
    checking = verifier(publisher, clock)
    assert checking.verify(BODY, GOOD)
    clock.advance(61)
    publisher.key = der(other_key())
    assert checking.verify(BODY, signature(other_key()))
    clock.advance(24 * 3600 - 1)
    assert checking.verify(BODY, GOOD)
    assert not checking.verify(BODY + b" ", GOOD)
    assert publisher.fetches == 2 + 1
    clock.advance(1)
    assert not checking.verify(BODY, GOOD)
    assert checking.verify(BODY, signature(other_key()))


def test_a_key_that_is_fetched_again_unchanged_replaces_no_former_one() -> None:
    publisher, clock = Publisher(), HandClock()
    checking = verifier(publisher, clock)
    assert checking.verify(BODY, GOOD)
    publisher.key = der(other_key())
    clock.advance(61)
    assert checking.verify(BODY, signature(other_key()))
    clock.advance(24 * 3600 - 61)
    assert not checking.verify(BODY + b" ", GOOD)
    clock.advance(61)
    assert not checking.verify(BODY, GOOD)


def test_forgeries_make_us_fetch_the_key_once_a_minute_at_the_most() -> None:
    publisher, clock = Publisher(), HandClock()
    checking = verifier(publisher, clock)
    assert checking.verify(BODY, GOOD)
    for _ in range(12):
        clock.advance(10)
        assert not checking.verify(BODY, signature(other_key()))
    assert publisher.fetches == 1 + 2
    assert checking.verify(BODY, GOOD)


@pytest.mark.parametrize("nothing", [None, b""])
def test_without_any_key_nothing_is_accepted_or_refused_until_there_is_one(
    nothing: bytes | None,
) -> None:
    publisher, clock = Publisher(nothing), HandClock()
    checking = verifier(publisher, clock)
    for _ in range(3):
        with pytest.raises(KeyUnavailableError):
            checking.verify(BODY, GOOD)
    # Monoova tries a webhook twice, 30 s apart: both must find us asking.
    assert publisher.fetches == 3
    publisher.key = der(shared_signing_key())
    clock.advance(1)
    assert checking.verify(BODY, GOOD)


def test_a_key_that_cannot_be_fetched_anew_leaves_the_one_we_have() -> None:
    publisher, clock = Publisher(), HandClock()
    checking = verifier(publisher, clock)
    assert checking.verify(BODY, GOOD)
    publisher.key = None
    clock.advance(61)
    assert not checking.verify(BODY, signature(other_key()))
    assert checking.verify(BODY, GOOD)


def _elliptic() -> bytes:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _edwards() -> bytes:
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _unheard_of() -> bytes:
    """A key of an unknown algorithm."""
    known = bytes.fromhex("06032b6570")
    return _edwards().replace(known, known[:-1] + b"\x7f")


@pytest.mark.parametrize(
    "key",
    [
        b"<html>",
        bytes(270),
        der(shared_signing_key())[:-1],
        _elliptic(),
        _edwards(),
        _unheard_of(),
    ],
    ids=["a page", "zeros", "cut off", "elliptic", "edwards", "unheard of"],
)
def test_what_is_no_rsa_key_verifies_nothing(key: bytes) -> None:
    assert not verifier(Publisher(key)).verify(BODY, GOOD)


def test_a_key_is_trusted_for_a_day_and_fetched_again_before_more_is() -> None:
    publisher, clock = Publisher(), HandClock()
    checking = verifier(publisher, clock)
    good = signature(shared_signing_key())
    assert checking.verify(BODY, good)
    clock.advance(24 * 3600 - 1)
    assert checking.verify(BODY, good)
    assert publisher.fetches == 1
    clock.advance(1)
    assert checking.verify(BODY, good)
    assert publisher.fetches == 2


def test_a_withdrawn_key_is_trusted_no_more_a_day_after_its_successor_is_fetched() -> None:
    publisher, clock = Publisher(), HandClock()
    checking = verifier(publisher, clock)
    withdrawn = signature(shared_signing_key())
    assert checking.verify(BODY, withdrawn)
    publisher.key = der(other_key())
    clock.advance(24 * 3600)
    # Fetched anew: the former key counts for a day from here.
    assert checking.verify(BODY, signature(other_key()))
    clock.advance(24 * 3600)
    assert not checking.verify(BODY, withdrawn)


def test_a_key_older_than_a_day_that_cannot_be_fetched_again_neither_trusts_nor_refuses() -> None:
    publisher, clock = Publisher(), HandClock()
    checking = verifier(publisher, clock)
    good = signature(shared_signing_key())
    assert checking.verify(BODY, good)
    publisher.key = None
    clock.advance(24 * 3600 + 1)
    with pytest.raises(KeyUnavailableError):
        checking.verify(BODY, good)


@pytest.mark.parametrize(("bits", "trusted"), [(1024, False), (2048, True)])
def test_a_key_of_fewer_than_2048_bits_proves_nothing(bits: int, trusted: bool) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    assert verifier(Publisher(der(key))).verify(BODY, signature(key)) is trusted
