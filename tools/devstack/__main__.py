"""`python -m tools.devstack run`, `demo` or `prove`: the local stack, and payouts on it."""

import argparse
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Final, NoReturn

from tools.deploy.errors import DeployError
from tools.devstack import demo, profile, prove_deploy
from tools.devstack.errors import DevstackError
from tools.devstack.progress import Progress
from tools.devstack.settings import Monoova, Ports
from tools.devstack.stack import Stack

_NOT_SIMULATED: Final = """\
This stack talks to {url}, with the key you gave.
 - What it pays, it pays there: A$1.05 to a PayID that is only an example, from mAccount {maccount}.
   Set MONOOVA_MACCOUNT_TOKEN, MONOOVA_SOURCE_BSB and MONOOVA_SOURCE_ACCOUNT to your own.
 - Its webhooks cannot reach a loopback address: the payout's status is found by asking.
 - Which status that is, is up to that Monoova. Only one payout is made here.
"""

_SERVING: Final = """
Serving until Ctrl-C.

  console            {console}
{users}

  API                {api}
  {monoova_title:<18} {monoova}
  emulated AWS       {aws}   (key id {key_id}, secret {key_secret}, region ap-southeast-2)

A token of an operator, good for an hour:

export TOKEN={token}

Register a customer, pay one, look at a payout:

{curls}

The same from the command line, as a user of the stack's own (--as viewers, operators, approvers):

.venv/bin/payoutctl --local payouts list
"""


def main() -> int:
    """0 when every payout ended as it should."""
    what = _arguments().what
    # A script's background job inherits an interrupt that is ignored, and Python leaves it so.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    try:
        return _prove() if what == "prove" else _run(serves=what == "run")
    except DeployError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.")
        return 130


def _run(*, serves: bool) -> int:
    ports = Ports.from_environment(os.environ)
    monoova = Monoova.from_environment(os.environ)
    started = time.monotonic()
    with Progress(_say) as progress, Stack(ports, monoova, say=progress.step) as stack:
        progress.finish_step()
        print(f"All of it runs, after {time.monotonic() - started:.1f} s.\n")
        if not monoova.is_simulated:
            print(_NOT_SIMULATED.format(url=monoova.base_url, maccount=monoova.account.maccount))
        shown = _shown(stack)
        _judge(stack, shown.problems, started)
        if serves:
            with profile.written(stack):
                print(_serving(stack, shown), flush=True)
                with contextlib.suppress(KeyboardInterrupt):  # the way it is meant to end
                    stack.wait_for_its_end()
        print("\nEnding, which takes up to 10 s …", flush=True)
        return 1 if shown.problems else 0


def _prove() -> int:
    started = time.monotonic()
    ports = Ports.from_environment(os.environ)
    with Progress(_say) as progress, Stack(ports, say=progress.step) as stack:
        progress.finish_step()
        print(f"Deployed, after {time.monotonic() - started:.1f} s.\n")
        with _bounded(stack, prove_deploy.LONGEST_SECONDS):
            problems = prove_deploy.prove(stack, _say)
        _judge(stack, problems, started)
        return 1 if problems else 0


def _shown(stack: Stack) -> demo.Result:
    with _bounded(stack, demo.longest_seconds(stack)):
        return demo.show(stack, _say)


def _judge(stack: Stack, problems: Sequence[str], started: float) -> None:
    if problems:
        print(f"\n{stack.logs()}\n\nNot as it should be:", file=sys.stderr)
        print("\n".join(f" - {problem}" for problem in problems), file=sys.stderr)
    else:
        print(f"\nAll as it should be, after {time.monotonic() - started:.0f} s.")


def _say(words: str) -> None:
    print(words, flush=True)


@contextlib.contextmanager
def _bounded(stack: Stack, seconds: int) -> Iterator[None]:
    """Stops what takes too long; on an error the functions' logs are printed."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(seconds)
    try:
        yield
    except DevstackError:
        print(f"\n{stack.logs()}", file=sys.stderr)
        raise
    finally:
        signal.alarm(0)


def _serving(stack: Stack, shown: demo.Result) -> str:
    credentials = stack.emulator.credentials
    return _SERVING.format(
        console=stack.console_url,
        users=_users(stack),
        api=stack.api_url,
        monoova_title="simulated Monoova" if stack.monoova.is_simulated else "Monoova",
        monoova=stack.simulator_url,
        aws=stack.emulator.url,
        key_id=credentials.access_key_id,
        key_secret=credentials.secret_access_key,
        token=stack.token("operators"),
        curls="\n".join(_curls(stack.api_url, shown)),
    )


def _users(stack: Stack) -> str:
    """Who may sign in to the console. The passwords are new for each start."""
    users = [stack.user(group) for group in ("operators", "approvers", "viewers")]
    return "\n".join(f"   {user.email:<24}password {user.password}" for user in users)


def _curls(api_url: str, shown: demo.Result) -> tuple[str, str, str]:
    destination = {
        "type": "BankAccount",
        "bsb": "062-000",
        "account_number": "12345678",
        "account_name": "Robin Example",
    }
    customer = {"name": "Robin Example", "destination": destination}
    payout = {"customer_id": shown.customer_id, "amount": 12.5}
    post = "curl -s -H \"Authorization: $TOKEN\" -H 'Content-Type: application/json'"
    return (
        f"{post} {api_url}/customers -d '{json.dumps(customer)}'",
        f"{post} {api_url}/payouts -d '{json.dumps(payout)}'",
        f'curl -s -H "Authorization: $TOKEN" {api_url}/payouts/{shown.transaction_id}',
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.devstack", description=__doc__)
    parser.add_argument("what", choices=["run", "demo", "prove"], help="serve at the end, or exit")
    return parser.parse_args()


def _leave(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - a handler's form
    # A second one must not interrupt the ending of what was started.
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _too_long(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - a handler's form
    raise DevstackError("The demonstration did not end in time.")


if __name__ == "__main__":
    sys.exit(main())
