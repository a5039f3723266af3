"""Each way in which a call can fail has one exit code, and words that say what may be done now."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar, Final

import pytest

from payoutctl.adapters import Adapters
from payoutctl.client import Answer, Api, at, new_http
from payoutctl.exits import MEANINGS, Exit, Failure, table
from payoutctl.poll import polled
from payoutctl.session import Session

PROBLEM: Final = {"detail": "In words.", "code": "ACode", "request_id": "request-7"}


class _Scripted(BaseHTTPRequestHandler):
    answer: ClassVar[tuple[int, bytes] | None]
    content_type: ClassVar[str]

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.answer is None:
            self.close_connection = True  # hangs up without a word
            return
        status, body = self.answer
        self.send_response(status)
        self.send_header("Content-Type", self.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the names are http.server's

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing on the terminal."""


@contextmanager
def answering(
    status: int | None, body: object = b"", content_type: str = "application/problem+json"
) -> Iterator[Api]:
    """An API that always gives this answer; none where the status is None."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = None if status is None else (status, raw)
    says = {"answer": answer, "content_type": content_type}
    server = HTTPServer(("127.0.0.1", 0), type("H", (_Scripted,), says))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield Api(url, lambda: "a-token", new_http(url))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def failing(api: Api, method: str) -> Failure:
    with pytest.raises(Failure) as caught:
        api.ask(method, "/payouts", body=None if method == "GET" else {})
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "write", "read"),
    [
        (400, "InvalidRequest", Exit.REFUSED, Exit.REFUSED),
        (401, "", Exit.NOT_ALLOWED, Exit.NOT_ALLOWED),
        (403, "Forbidden", Exit.NOT_ALLOWED, Exit.NOT_ALLOWED),
        (404, "PayoutNotFound", Exit.NOT_FOUND, Exit.NOT_FOUND),
        (409, "ChangedMeanwhile", Exit.CONFLICT, Exit.CONFLICT),
        (422, "MonoovaRefused", Exit.REFUSED, Exit.REFUSED),
        (429, "", Exit.TRY_AGAIN, Exit.TRY_AGAIN),
        (500, "InternalError", Exit.UNKNOWN, Exit.TRY_AGAIN),
        (502, "", Exit.UNKNOWN, Exit.TRY_AGAIN),
        (503, "StorageUnavailable", Exit.TRY_AGAIN, Exit.TRY_AGAIN),
        (503, "OutcomeUnknown", Exit.UNKNOWN, Exit.TRY_AGAIN),
        (503, "", Exit.UNKNOWN, Exit.TRY_AGAIN),
        (504, "", Exit.UNKNOWN, Exit.TRY_AGAIN),
        (302, "", Exit.REFUSED, Exit.REFUSED),
    ],
)
def test_an_answer_has_one_exit_code(status: int, code: str, write: Exit, read: Exit) -> None:
    with answering(status, {"code": code} if code else b"<html>") as api:
        assert failing(api, "POST").exit_code == write
        assert failing(api, "GET").exit_code == read


def test_a_503_that_is_not_our_api_s_does_not_say_that_nothing_was_done() -> None:
    with answering(503, {"code": "ServiceUnavailable"}, "application/json") as api:
        assert failing(api, "POST").exit_code == Exit.UNKNOWN


def test_a_problem_is_printed_with_its_code_and_request_id() -> None:
    with answering(409, PROBLEM | {"errors": {"amount": ["Too much."]}}) as api:
        words = failing(api, "POST").message
    assert words == "In words.\n  amount: Too much.\n  (ACode, request request-7)"


def test_a_route_that_the_gateway_does_not_know_is_not_reported_as_forbidden() -> None:
    with answering(403, {"message": "Missing Authentication Token"}) as api:
        failure = failing(api, "GET")
    assert failure.exit_code == Exit.REFUSED
    assert "no such route" in failure.message


def test_an_answer_that_was_lost_may_have_been_an_answer_to_a_deed() -> None:
    with answering(None) as api:
        assert failing(api, "POST").exit_code == Exit.UNKNOWN
        assert failing(api, "GET").exit_code == Exit.TRY_AGAIN


def test_a_refused_connection_means_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    failure = failing(Api(url, lambda: None, new_http(url)), "POST")
    assert (failure.exit_code, failure.document["code"]) == (Exit.TRY_AGAIN, "NothingSent")


def test_a_netrc_does_not_replace_the_token(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine api.example login jo password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    http = new_http("https://api.example")
    prepared = http.prepare_request(
        __import__("requests").Request("GET", "https://api.example", headers={"Authorization": "t"})
    )
    assert prepared.headers["Authorization"] == "t"


def test_a_wait_survives_lost_answers_but_not_a_refusal() -> None:
    slept: list[float] = []
    session = Session(adapters=Adapters(sleep=slept.append))
    for status, sleeps in ((503, [4.0, 8.0, 16.0, 32.0]), (404, [])):
        slept.clear()
        with answering(status) as session.api, pytest.raises(Failure):
            polled(session, "/payouts/x")
        assert slept == sleeps


def test_a_path_holds_whatever_is_put_into_it() -> None:
    assert at("payouts", "a/../b?c") == "/payouts/a%2F..%2Fb%3Fc"


def test_an_answer_without_a_body_has_no_document() -> None:
    assert Answer(204, {}, "").json is None


def test_every_exit_code_has_its_meaning_in_the_help() -> None:
    assert set(MEANINGS) == set(Exit)
    for code in Exit:
        assert f"  {code.value}  {MEANINGS[code]}" in table()
