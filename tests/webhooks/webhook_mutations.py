"""Mutated webhooks: forged, damaged on the network, or false though authenticated.

Everything follows from one `random.Random`, so that a case can be made again from its seed.
"""

import base64
import json
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from simulator.signing import SigningKey, new_key
from simulator.testing import shared_signing_key
from tests.world import WEBHOOK_SECRET

MOST_BYTES: Final = 256 * 1024
SIGNATURE: Final = "Verification-Signature"
_MONOOVA: Final = SigningKey(shared_signing_key())
_OTHER_KEY: Final = SigningKey(new_key())

FIELDS: Final = (
    "UniqueReference",
    "CallerUniqueReference",
    "TransactionId",
    "Status",
    "Amount",
    "AccountName",
    "AccountNumber",
    "BSB",
    "PayId",
    "RejectionReasonDescription",
    "ReturnReason",
    "ReturnDate",
    "ReturnTransactionId",
    "eventName",
)
_PATHS: Final = (
    "",
    "/NppPaymentStatus",
    "/nPPpaymentSTATUS",
    "/NppReturn",
    "/InboundDirectCredit",
    "/None",
    "/%00",
    "/..%2f..%2fpayouts",
    "/jo@example.com",
    "/événement",
    "/" + "x" * 5_000,
)
# As JSON, not as Python's values: most of these no Python value would be written as.
_ODD_VALUES: Final = (
    "null",
    "true",
    "-0",
    "-1",
    "0.001",
    "1e999",
    "1e-999",
    "1e999999999999999999999",
    "1e-999999999999999999999",
    "0e-999999999",
    "-1e400000000",
    "NaN",
    "-Infinity",
    "[]",
    "{}",
    '""',
    '"NaN"',
    '"sNaN"',
    '"1e999999"',
    '"1_000.00"',
    '"１２５.５０"',
    '"\\u0000"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\u202e125.50"',
    '"\\r\\nX-Injected: 1"',
    '"<script>{{7*7}}${jndi:x}"',
    '"Payment Successful"',
    '"Rejected"',
    '"00000000-0000-4000-8000-000000000000"',
)


@dataclass(frozen=True)
class Case:
    """One request. `what` says in a few words how it was made."""

    what: str
    path: str
    headers: Mapping[str, str]
    raw: bytes
    is_base64: bool


def signature(raw: bytes) -> str:
    """Monoova's own."""
    return _MONOOVA.signature(raw)


def genuine(raw: bytes, rng: random.Random) -> Case:
    """What Monoova sends, with header names and the transport's coding as they may come."""
    headers = {"Authorization": WEBHOOK_SECRET, SIGNATURE: signature(raw)}
    return Case("genuine", _PATHS[rng.randrange(3)], _respelt(headers, rng), raw, _coin(rng))


def one_byte_off(raw: bytes, rng: random.Random) -> Case:
    """A genuine webhook of which one byte was changed on its way."""
    at, bit = rng.randrange(len(raw)), 1 << rng.randrange(8)
    changed = raw[:at] + bytes([raw[at] ^ bit]) + raw[at + 1 :]
    headers = {"Authorization": WEBHOOK_SECRET, SIGNATURE: signature(raw)}
    return Case(f"byte {at} xor {bit}", "", headers, changed, is_base64=True)


def unauthenticated(true: bytes, rng: random.Random) -> Case:
    """Any body, a genuine one included, from a sender without the secret or the key."""
    raw = true if rng.random() < 0.5 else body(true, rng)
    what, headers = rng.choice(_FORGERIES)(raw, rng)
    return Case(what, _path(rng), _respelt(headers, rng), raw, _coin(rng))


def authenticated(true: bytes, rng: random.Random) -> Case:
    """Any body, authenticated as Monoova's: its secret, and its signature or none."""
    raw = body(true, rng)
    headers = {"Authorization": rng.choice([WEBHOOK_SECRET, f"Bearer {WEBHOOK_SECRET}"])}
    if _coin(rng):
        headers[SIGNATURE] = signature(raw)
    return Case("mutated", _path(rng), _respelt(headers, rng), raw, is_base64=True)


def body(true: bytes, rng: random.Random) -> bytes:
    """A body made from a true one, or from nothing."""
    return rng.choice(_BODIES)(true, rng)[: MOST_BYTES + 1]


def worst_bodies(true: bytes) -> dict[str, bytes]:
    """Bodies of the full size, each as costly to read as possible."""
    texts = {
        "one letter": "a",
        "digits": "1 ",
        "almost e-mails": "a@",
        "sums": "$1,111,",
        "capitals": "ß",
        "blanks": " \n",
    }
    half = MOST_BYTES // 2 - 1_000
    found = {
        f"{name}, in reason and name": _with(
            true,
            {
                "Status": json.dumps("Rejected"),
                "RejectionReasonDescription": json.dumps(text * (half // len(text))),
                "AccountName": json.dumps(text * (half // len(text) // 2) + "!"),
            },
        )
        for name, text in texts.items()
    }
    found["digits of an amount"] = _with(true, {"Amount": "9" * (MOST_BYTES - 1_000)})
    found["decimals of an amount"] = _with(true, {"Amount": "1." + "0" * (MOST_BYTES - 1_000)})
    found["nested"] = b"[" * MOST_BYTES
    found["nested and closed"] = b"[" * (MOST_BYTES // 2) + b"]" * (MOST_BYTES // 2)
    found["many names"] = _object((f"k{n}", "0") for n in range(MOST_BYTES // 16))
    found["many times the same name"] = _object(("Amount", "1") for _ in range(MOST_BYTES // 16))
    found["empty objects"] = b"[" + b"{}," * (MOST_BYTES // 3 - 2) + b"{}]"
    return {name: raw[:MOST_BYTES] for name, raw in found.items()}


# --- bodies


def _noise(_true: bytes, rng: random.Random) -> bytes:
    return rng.randbytes(rng.choice([0, 1, 2, 7, 64, 1_000, 20_000]))


def _odd_field(true: bytes, rng: random.Random) -> bytes:
    return _with(true, {rng.choice(FIELDS): rng.choice(_ODD_VALUES) for _ in range(2)})


def _huge_number(true: bytes, rng: random.Random) -> bytes:
    digits = rng.choice("123456789") * rng.choice([16, 41, 309, 4_300, 4_301, 100_000])
    return _with(true, {rng.choice(FIELDS): digits + rng.choice(["", ".5", "e5", "e-5"])})


def _long_text(true: bytes, rng: random.Random) -> bytes:
    text = rng.choice(["a", "9", "é", "\ud83d\ude00", "\x00", " ", "a@", "$1,"])
    times = rng.choice([200, 1_000, 10_000, MOST_BYTES // 12])
    return _with(true, {rng.choice(FIELDS): json.dumps(text * times)})


def _nested(true: bytes, rng: random.Random) -> bytes:
    opened, closed = rng.choice([("[", "]"), ('{"a":', "}")])
    depth = rng.choice([2, 500, 990, 1_000, 3_000, 9_990, 10_000, 30_000])
    return _with(true, {rng.choice(FIELDS): opened * depth + "1" + closed * depth})


def _doubled_names(true: bytes, rng: random.Random) -> bytes:
    name = rng.choice(FIELDS)
    other = rng.choice([name, name.lower(), name.upper(), name.swapcase()])
    return true.rstrip()[:-1] + f',"{other}":{rng.choice(_ODD_VALUES)}}}'.encode()


def _left_out(true: bytes, rng: random.Random) -> bytes:
    document = json.loads(true)
    for name in rng.sample(sorted(document), rng.randrange(1, len(document))):
        del document[name]
    return json.dumps(document).encode()


def _cut_off(true: bytes, rng: random.Random) -> bytes:
    return true[: rng.randrange(len(true))]


def _bytes_changed(true: bytes, rng: random.Random) -> bytes:
    changed = bytearray(true)
    for _ in range(rng.choice([1, 2, 10])):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _recoded(true: bytes, rng: random.Random) -> bytes:
    text = true.decode()
    codings = ("utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "utf-7", "cp500")
    return text.encode(rng.choice(codings))


def _invalid_utf8(true: bytes, rng: random.Random) -> bytes:
    bad = rng.choice([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"])
    at = rng.randrange(len(true))
    return true[:at] + bad + true[at:]


def _other_shape(true: bytes, rng: random.Random) -> bytes:
    shapes = (b"[?]", b"[[?],1]", b'"?"', b"??", b"?,", b"%?", b" \n?\x00", b'{"data":?}')
    return rng.choice(shapes).replace(b"?", true)


def _oversized(true: bytes, rng: random.Random) -> bytes:
    return true + b" " * (MOST_BYTES - len(true) + rng.choice([-1, 0, 1, 1_000]))


_BODIES: Final[tuple[Callable[[bytes, random.Random], bytes], ...]] = (
    _noise,
    _odd_field,
    _odd_field,
    _odd_field,
    _huge_number,
    _long_text,
    _nested,
    _doubled_names,
    _left_out,
    _cut_off,
    _bytes_changed,
    _recoded,
    _invalid_utf8,
    _other_shape,
    _oversized,
)


def _with(true: bytes, fields: Mapping[str, str]) -> bytes:
    """The true object with some fields set to texts of JSON, whether valid or not."""
    known = {name: json.dumps(value) for name, value in json.loads(true).items()}
    return _object((known | dict(fields)).items())


def _object(pairs: Iterable[tuple[str, str]]) -> bytes:
    return ("{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in pairs) + "}").encode()


# --- who claims to be Monoova

Forgery = tuple[str, dict[str, str]]


def _wrong_secret(raw: bytes, rng: random.Random) -> Forgery:
    secret = rng.choice(_near_misses(rng))
    headers = {"Authorization": secret} | ({SIGNATURE: signature(raw)} if _coin(rng) else {})
    return f"secret {secret[:40]!r}", headers


def _near_misses(rng: random.Random) -> list[str]:
    """Secrets that are almost the right one."""
    at = rng.randrange(len(WEBHOOK_SECRET))
    return [
        "",
        "x",
        WEBHOOK_SECRET[:-1],
        WEBHOOK_SECRET + rng.choice([" ", "\x00", ",", "x", "\n"]),
        rng.choice([" ", "\t", "\x00"]) + WEBHOOK_SECRET,
        WEBHOOK_SECRET.upper(),
        f"bearer {WEBHOOK_SECRET}",
        f"Bearer  {WEBHOOK_SECRET}",
        f"Basic {base64.b64encode(WEBHOOK_SECRET.encode()).decode()}",
        WEBHOOK_SECRET[:at] + chr(ord(WEBHOOK_SECRET[at]) ^ 1) + WEBHOOK_SECRET[at + 1 :],
        WEBHOOK_SECRET.replace("e", "\u0435"),
        f"{WEBHOOK_SECRET},{WEBHOOK_SECRET}",
        "\udcff\ud800",
        "ü" * rng.choice([1, 8_000]),
        WEBHOOK_SECRET * 300,
    ]


def _no_secret(raw: bytes, rng: random.Random) -> Forgery:
    name = rng.choice(["X-Authorization", "Authorisation", "Cookie", "Authorization "])
    return "no secret", {name: WEBHOOK_SECRET, SIGNATURE: signature(raw)}


def _wrong_signature(raw: bytes, rng: random.Random) -> Forgery:
    what, forged = rng.choice(_wrong_signatures(raw, rng))
    return f"signature {what}", {"Authorization": WEBHOOK_SECRET, SIGNATURE: forged}


def _wrong_signatures(raw: bytes, rng: random.Random) -> list[tuple[str, str]]:
    right = signature(raw)
    signed = bytearray(base64.b64decode(right))
    signed[rng.randrange(len(signed))] ^= 1 << rng.randrange(8)
    at = rng.randrange(1, len(right))
    return [
        ("empty", ""),
        ("blank", " "),
        ("truncated", right[:at]),
        ("truncated to whole groups", right[: at - at % 4]),
        ("doubled", right + right),
        ("longer", base64.b64encode(base64.b64decode(right) + b"\x00").decode()),
        ("one bit off", base64.b64encode(bytes(signed)).decode()),
        ("of another key", _OTHER_KEY.signature(raw)),
        ("of another body", signature(raw + b" ")),
        ("of nothing", signature(b"") if raw else signature(b" ")),
        ("as hex", base64.b64decode(right).hex()),
        ("zeros", base64.b64encode(bytes(256)).decode()),
        ("ones", base64.b64encode(b"\xff" * 256).decode()),
        ("oversized", "A" * 100_000),
        ("not ASCII", "é" * 344),
        ("surrogates", "\ud800" * 344),
        ("noise", base64.b64encode(rng.randbytes(256)).decode()),
        ("a list", f"{_OTHER_KEY.signature(raw)}, {right}"),
    ]


_FORGERIES: Final = (_wrong_secret, _no_secret, _wrong_signature)


# --- the rest of a request


def _path(rng: random.Random) -> str:
    return rng.choice(_PATHS)


def _respelt(headers: Mapping[str, str], rng: random.Random) -> dict[str, str]:
    """The names in another case, and headers that decide nothing beside them."""
    spellings: tuple[Callable[[str], str], ...] = (str, str.lower, str.upper, str.swapcase)
    spelling = rng.choice(spellings)
    content_type = rng.choice(["application/json", "text/plain", "", "application/json;charset=x"])
    others = {
        "Content-Type": content_type,
        "Webhookid": rng.choice(["900001", "-1", "é", "9" * 99]),
    }
    return {spelling(name): value for name, value in headers.items()} | others


def _coin(rng: random.Random) -> bool:
    return rng.random() < 0.5
