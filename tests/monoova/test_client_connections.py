"""Real connections that do not come about, or die: what a call over them proves."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from chalicelib.core.clock import SystemClock
from chalicelib.core.secrets import CredentialsSource
from chalicelib.monoova.client import MonoovaClient, new_session
from chalicelib.monoova.rules.outcome import Silence
from simulator.testing import shared_signing_key

_HOST: Final = "127.0.0.1"
_SECONDS: Final = 0.3
Serve = Callable[[socket.socket], None]


class _Secret:
    """A Secrets Manager with one secret; none where there is no address."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def get_secret_value(self, **_asked: str) -> dict[str, str]:
        fields = {"apiKey": "key", "environment": "sandbox", "baseUrl": self._base_url}
        return {"SecretString": json.dumps(fields) if self._base_url else "", "VersionId": "1"}


def client_of(base_url: str) -> MonoovaClient:
    secret: Any = _Secret(base_url)
    return MonoovaClient(CredentialsSource(secret, "monoova", SystemClock()), new_session())


@contextmanager
def listening(serve: Serve) -> Iterator[int]:
    """The port of a server that gives each connection to `serve`, and closes it then."""
    with socket.create_server((_HOST, 0)) as server:

        def run() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    serve(connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def unused_port() -> int:
    with socket.create_server((_HOST, 0)) as server:
        return int(server.getsockname()[1])


def resets(connection: socket.socket) -> None:
    """Reads the request, then resets the connection."""
    connection.recv(65_536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def speaks_no_tls(connection: socket.socket) -> None:
    connection.recv(1)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def says_nothing(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


def closes(connection: socket.socket) -> None:
    connection.recv(1)


@pytest.fixture
def untrusted(tmp_path: Path) -> Serve:
    """A server with a certificate of its own making."""
    key, name = shared_signing_key(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "server.pem"
    path.write_bytes(certificate + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    def serve(connection: socket.socket) -> None:
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(connection, server_side=True)

    return serve


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_refused_connection_was_not_sent(scheme: str) -> None:
    client = client_of(f"{scheme}://{_HOST}:{unused_port()}")
    assert client.execute(b"{}") is Silence.NOT_SENT


def test_a_name_that_is_not_known_was_not_sent() -> None:
    assert client_of("https://monoova.invalid").execute(b"{}") is Silence.NOT_SENT


def test_a_connection_that_takes_too_long_was_not_sent() -> None:
    with socket.create_server((_HOST, 0), backlog=0) as server:
        port = server.getsockname()[1]
        # What waits to be accepted fills the queue: to the next one nothing is answered.
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex((_HOST, port))
        assert client_of(f"http://{_HOST}:{port}").execute(b"{}", _SECONDS) is Silence.NOT_SENT
        for each in waiting:
            each.close()


@pytest.mark.parametrize("serve", [speaks_no_tls, says_nothing, closes])
def test_a_handshake_that_fails_or_takes_too_long_was_not_sent(serve: Serve) -> None:
    with listening(serve) as port:
        client = client_of(f"https://{_HOST}:{port}")
        assert client.execute(b"{}", _SECONDS) is Silence.NOT_SENT


def test_a_certificate_that_is_not_trusted_was_not_sent(untrusted: Serve) -> None:
    with listening(untrusted) as port:
        assert client_of(f"https://{_HOST}:{port}").execute(b"{}") is Silence.NOT_SENT


def test_credentials_that_cannot_be_read_were_not_sent() -> None:
    assert client_of("").execute(b"{}") is Silence.NOT_SENT


@pytest.mark.parametrize(
    ("serve", "silence"),
    [(resets, Silence.CONNECTION_FAILED), (says_nothing, Silence.TIMEOUT)],
)
def test_what_was_sent_and_not_answered_is_lost(serve: Serve, silence: Silence) -> None:
    with listening(serve) as port:
        assert client_of(f"http://{_HOST}:{port}").execute(b"{}", _SECONDS) is silence


def test_a_kept_connection_that_is_dead_may_have_carried_it() -> None:
    answers = [b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"status":"Ok"}']

    def once(connection: socket.socket) -> None:
        while connection.recv(65_536) and answers:
            connection.sendall(answers.pop())

    with listening(once) as port:
        client = client_of(f"http://{_HOST}:{port}")
        assert not isinstance(client.execute(b"{}", _SECONDS), Silence)
        assert client.execute(b"{}", _SECONDS) is Silence.CONNECTION_FAILED
