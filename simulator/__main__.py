"""`python -m simulator`: Monoova on http://127.0.0.1, until SIGTERM or SIGINT."""

import argparse
import json
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from simulator.behaviour import Behaviour
from simulator.clock import utc_now
from simulator.monoova import API_KEY, M_ACCOUNT, OPENING_BALANCE, Monoova
from simulator.server import SimulatorServer, post_webhook
from simulator.triggers import table_lines

_WEBHOOK_SENDERS = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal says stop."""
    options = _options(arguments)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    senders = ThreadPoolExecutor(_WEBHOOK_SENDERS, thread_name_prefix="webhook")

    def on_a_thread(run: Callable[[], None]) -> None:
        senders.submit(run)

    monoova = Monoova(
        utc_now,
        post_webhook,
        api_key=options.api_key,
        m_account=options.m_account,
        opening_balance=options.balance,
        behaviour=options.behaviour,
        seed=options.seed,
        speed=options.speed,
        dispatch=on_a_thread,
    )
    if options.webhook_url:
        monoova.subscribe(options.webhook_url, options.webhook_secret)
    for line in table_lines():
        print(line)
    server = SimulatorServer(monoova, options.port)
    server.start()
    print(f"listening on {server.url}", flush=True)
    stop.wait()
    server.stop()
    senders.shutdown(wait=False, cancel_futures=True)
    print("stopped", flush=True)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    env = os.environ
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="A Monoova for this machine. Each option can also stand in the environment, "
        "as SIMULATOR_ and its name; the two secrets better do.",
    )
    parser.add_argument("--port", type=int, default=env.get("SIMULATOR_PORT", "8001"))
    parser.add_argument("--api-key", default=env.get("SIMULATOR_API_KEY", API_KEY))
    parser.add_argument(
        "--webhook-url",
        default=env.get("SIMULATOR_WEBHOOK_URL", ""),
        help="subscribe every event to URL/{event name}",
    )
    parser.add_argument(
        "--webhook-secret",
        default=env.get("SIMULATOR_WEBHOOK_SECRET", ""),
        help="the securityToken: the whole Authorization header of a webhook",
    )
    parser.add_argument(
        "--speed",
        type=float,
        default=env.get("SIMULATOR_SPEED", "1"),
        help="divides the delays of webhooks, their second try and returns",
    )
    parser.add_argument("--m-account", default=env.get("SIMULATOR_M_ACCOUNT", M_ACCOUNT))
    parser.add_argument(
        "--balance", type=Decimal, default=env.get("SIMULATOR_BALANCE", str(OPENING_BALANCE))
    )
    parser.add_argument("--seed", type=int, default=env.get("SIMULATOR_SEED", "0"))
    parser.add_argument(
        "--behaviour",
        type=_behaviour,
        default=env.get("SIMULATOR_BEHAVIOUR", "{}"),
        help='switches as JSON, e.g. \'{"duplicate": "replayed"}\'',
    )
    return parser.parse_args(arguments)


def _behaviour(text: str) -> Behaviour:
    try:
        changes = json.loads(text)
    except ValueError as reason:
        raise argparse.ArgumentTypeError(f"not JSON: {reason}") from reason
    if not isinstance(changes, dict):
        raise argparse.ArgumentTypeError("not a JSON object")
    try:
        return Behaviour().changed(changes)
    except ValueError as reason:
        raise argparse.ArgumentTypeError(str(reason)) from reason


if __name__ == "__main__":
    raise SystemExit(main())
