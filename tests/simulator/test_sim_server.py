"""The HTTP server: real sockets, real time (short), the real command."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

from simulator.behaviour import Behaviour
from simulator.clock import utc_now
from simulator.monoova import API_KEY, Monoova
from simulator.server import SimulatorServer, post_webhook
from simulator.testing import payid_payout, shared_signing_key
from simulator.triggers import table_lines

EXECUTE = "/financial/v2/transaction/execute"


class Receiver:
    """A merchant's webhook endpoint on a real socket."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                receiver.paths.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Quiet."""

        self._http = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/webhooks/monoova"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def eventually(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def monoova(receiver: Receiver) -> Monoova:
    monoova = Monoova(
        utc_now,
        post_webhook,
        speed=500,
        signing_key=shared_signing_key(),
        behaviour=Behaviour(hold_seconds=1.0, late_arrival_seconds=0.3),
    )
    monoova.subscribe(receiver.url, "Bearer secret")
    return monoova


@pytest.fixture
def url(monoova: Monoova) -> Iterator[str]:
    with SimulatorServer(monoova) as server:
        yield server.url


def execute(url: str, reference: str, amount: float, timeout: float = 5) -> requests.Response:
    body = payid_payout(reference, amount)
    return requests.post(url + EXECUTE, json=body, auth=(API_KEY, ""), timeout=timeout)


def test_a_payout_over_http_is_paid_and_its_webhook_arrives(
    url: str, monoova: Monoova, receiver: Receiver
) -> None:
    assert execute(url, "po-1", 10).json()["status"] == "Ok"
    assert eventually(lambda: receiver.paths == ["/webhooks/monoova/NppPaymentStatus"])
    status = requests.get(f"{url}/financial/v2/status/po-1", auth=(API_KEY, ""), timeout=5).json()
    assert status["transactionStatus"] == "Complete"
    assert eventually(lambda: monoova.notifications[0].is_delivered)


def test_executes_from_many_connections_book_one_reference_once(url: str, monoova: Monoova) -> None:
    with ThreadPoolExecutor(32) as pool:
        codes = list(pool.map(lambda _: execute(url, "po-1", 10).status_code, range(32)))
    assert sorted(codes) == [200] + [400] * 31
    assert len(monoova.book.bookings("po-1")) == 1


def test_faults_show_on_the_wire_as_they_do_in_process(url: str, monoova: Monoova) -> None:
    with pytest.raises(requests.ConnectionError):
        execute(url, "po-1", 7.30)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        execute(url, "po-2", 7.35)
    with pytest.raises(requests.ReadTimeout):
        execute(url, "po-3", 7.28, timeout=0.2)
    assert execute(url, "po-4", 7.33).content == b""
    assert monoova.book.bookings("po-3") == []
    assert eventually(lambda: len(monoova.book.bookings("po-3")) == 1)
    assert [len(monoova.book.bookings(f"po-{number}")) for number in (1, 2, 4)] == [1, 1, 1]


def test_the_simulators_own_pages_need_no_key_and_survive_an_outage(url: str) -> None:
    execute(url, "po-1", 10)
    changed = requests.post(
        f"{url}/simulator/behaviour", json={"outage": "connection_refused"}, timeout=5
    )
    assert changed.json()["outage"] == "connection_refused"
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/public/v1/ping", timeout=5)
    book = requests.get(f"{url}/simulator/book?reference=po-1", timeout=5).json()
    assert [row["kind"] for row in book["movements"]] == ["debit", "fee"]
    assert book["movements"][0]["amount"] == "-10.0000"
    assert book["doubleBookings"] == {}
    calls = requests.get(f"{url}/simulator/calls", timeout=5).json()["calls"]
    assert [(row["method"], row["path"], row["authenticated"]) for row in calls] == [
        ("POST", EXECUTE, True),
        ("GET", "/public/v1/ping", None),
    ]
    received = requests.get(f"{url}/simulator/received", timeout=5).json()["received"]
    assert received[0]["parsed"]["uniqueReference"] == "po-1"


def test_outcomes_keys_and_book_can_be_changed_over_http(url: str) -> None:
    control = f"{url}/simulator"
    script = {"outcomes": ["error_before_booking"], "reference": "po-1"}
    assert requests.post(f"{control}/script", json=script, timeout=5).ok
    assert execute(url, "po-1", 10).status_code == 500
    requests.post(f"{control}/keys", json={"apiKey": "new", "signingKey": True}, timeout=5)
    assert execute(url, "po-1", 10).status_code == 401
    requests.post(f"{control}/keys", json={"apiKey": API_KEY}, timeout=5)
    assert execute(url, "po-1", 10).status_code == 200
    assert eventually(
        lambda: requests.get(f"{control}/webhooks", timeout=5).json()["webhooks"][0:1] != []
    )
    requests.post(f"{control}/reset", timeout=5)
    assert requests.get(f"{control}/book", timeout=5).json()["movements"] == []
    assert "what happens" in requests.get(f"{control}/triggers", timeout=5).text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("behaviour", "{"),
        ("behaviour", "[]"),
        ("behaviour", '{"speed": 1}'),
        ("script", '{"outcomes": ["nonsense"]}'),
        ("script", '{"outcomes": "rejected"}'),
    ],
)
def test_a_faulty_change_is_refused_in_words(url: str, path: str, body: str) -> None:
    answer = requests.post(f"{url}/simulator/{path}", data=body, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_an_unknown_page_and_an_endless_body_are_refused(url: str) -> None:
    assert requests.get(f"{url}/simulator/nothing", timeout=5).status_code == 404
    endless = requests.Request("POST", url + EXECUTE).prepare()
    endless.headers["Content-Length"] = "9999999999"
    with requests.Session() as session:
        assert session.send(endless, timeout=5).status_code == 413


def test_the_command_serves_when_it_says_so_and_stops_on_sigterm() -> None:
    env = {**os.environ, "SIMULATOR_API_KEY": "from-env", "SIMULATOR_WEBHOOK_SECRET": "Bearer x"}
    command = [sys.executable, "-m", "simulator", "--port", "0", "--speed", "20"]
    command += ["--webhook-url", "http://127.0.0.1:9/webhooks/monoova"]
    with subprocess.Popen(  # noqa: S603  # our own module
        command, env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        printed = []
        for line in process.stdout:
            printed.append(line.rstrip("\n"))
            if line.startswith("listening on"):
                break
        match = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)", printed[-1])
        assert match is not None
        assert printed[:-1] == list(table_lines())
        ping = requests.get(f"{match[1]}/tools/v1/ping", auth=("from-env", ""), timeout=5)
        assert ping.json()["status"] == "Ok"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        assert "from-env" not in "\n".join(printed)


def test_the_command_refuses_a_switch_that_does_not_exist() -> None:
    command = [sys.executable, "-m", "simulator", "--behaviour", '{"nonsense": 1}']
    done = subprocess.run(  # noqa: S603  # our own module
        command, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 2
    assert "no such switch: nonsense" in done.stderr
