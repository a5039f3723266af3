"""What each function may call, read from the source: so that no rare branch is missed.

A run shows what was called; this shows what could be. It knows an object by the names under which
the source declares its type (`payouts: Payouts`) or passes it on, and takes everything that is
named for called, whatever the conditions around it. So it finds rather too much than too little;
what it cannot follow is an object that comes out of a collection.
"""

import ast
from collections.abc import Iterator
from typing import Final

from tests.infra.call_sites import APP_CODE, Function
from tests.infra.conftest import ROOT

# The fields that hold a function, and what they call once container.py has filled them.
HANDED_OVER: Final = {
    "check_branch": "BranchCheck.ask",
    "fingerprint": "AccountFingerprints.of",
    "fetch_key": "MonoovaClient.public_key",
    "ask_balance": "AccountService.asked_balance",
    "is_sandbox": "CredentialsSource.current",
    "api_key": "CredentialsSource.current",
    "key_version": "CredentialsSource.current",
    "secrets": "CredentialsSource.current",
    "counted": None,
    "monoova": None,
    "second_calls": None,
    "second_payments": None,
    "funding": None,
    "take": None,
    "fingerprints": None,
    "jitter": None,
    "flaw": "PayoutSeals.flaw",
    "now": None,
    "seals": None,
    "new_id": None,
    "opener": None,
    "settings": None,
    "disabled": "Gatekeeper.look",
    # What a token is checked by is fetched from the user pool, by no client of AWS.
    "tokens": None,
    "fetch": None,
    "waits_in": "WaitingRows.batch_with",
    "has_open_payout": "PayoutsOfCustomer.has_open",
    "open_batch_ids": "OpenBatches.ids",
    "stopped_by": "OpenBatches.stopped_by",
    "advance_batches": "BatchAdvancer.advance",
    "hourly_watch": "HourlyWatch.look",
    "waiting_batches": "count_awaiting_approval",
}
# The way from app.py to a service is a property of this, which makes it and calls nothing.
_COMPOSER: Final = "Container"
# What stands above a function of app.py that answers requests, or stands around them.
_WAYS_IN: Final = ("for_admins(", "for_services(", "app.route(", "app.middleware(")


class Source:
    """All of the app's code. A function is known as `Payouts.due`, or `found_payout`."""

    def __init__(self) -> None:
        self._app = ast.parse((ROOT / "app.py").read_text())
        self._trees = [ast.parse(path.read_text()) for path in sorted(APP_CODE.rglob("*.py"))]
        self._trees.append(self._app)
        self._functions: dict[str, list[Function]] = {}
        self._classes: set[str] = set()
        self._objects: dict[str, set[str]] = {}
        self.holds_a_function: set[str] = set()
        for tree in self._trees:
            for node in tree.body:
                self._declare(node)
        for learn in (self._by_declaration, self._by_another_name):
            for tree in self._trees:
                for each in ast.walk(tree):
                    learn(each)

    def _declare(self, node: ast.stmt) -> None:
        if isinstance(node, Function):
            self._functions.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.ClassDef) and node.name != _COMPOSER:
            self._classes.add(node.name)
            for part in node.body:
                if isinstance(part, Function):
                    self._functions.setdefault(f"{node.name}.{part.name}", []).append(part)
            self.holds_a_function |= set(_fields_that_hold_a_function(node))

    def _by_declaration(self, node: ast.AST) -> None:
        match node:
            case (
                ast.arg(arg=name, annotation=ast.expr() as declared)
                | ast.AnnAssign(
                    target=ast.Name(id=name) | ast.Attribute(attr=name), annotation=declared
                )
                | ast.FunctionDef(name=name, returns=ast.expr() as declared)
            ):
                self._objects.setdefault(name, set()).update(_words(declared) & self._classes)

    def _by_another_name(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value):
                before = _last(value)
                types = {before} & self._classes or self._objects.get(before, set())
                self._objects.setdefault(name, set()).update(types)

    def routes(self) -> list[str]:
        """The functions of app.py that stand around requests and answer them."""
        return [
            node.name
            for node in self._app.body
            if isinstance(node, Function)
            for decorator in node.decorator_list
            if ast.unparse(decorator).startswith(_WAYS_IN)
        ]

    def reached_from(self, *roots: str) -> set[str]:
        """Every function of the app that these of app.py may end up in."""
        reached: set[str] = set()
        ahead = set(roots)
        while ahead:
            name = ahead.pop()
            reached.add(name)
            for function in self._functions[name]:
                ahead |= set(self._named_in(name, function)) - reached
        return reached

    def _named_in(self, name: str, function: Function) -> Iterator[str]:
        own = name.partition(".")[0]
        for node in ast.walk(function):
            match node:
                case ast.Name(id=called):
                    yield from self._known(called, f"{called}.__init__")
                case ast.Attribute(value=ast.Name(id="self"), attr=called):
                    yield from self._known(f"{own}.{called}")
                    yield from self._known(HANDED_OVER.get(called.lstrip("_")) or "")
                case ast.Attribute(value=of, attr=called):
                    types = self._objects.get(_last(of), set())
                    yield from self._known(called, *(f"{each}.{called}" for each in types))

    def _known(self, *names: str) -> Iterator[str]:
        return (name for name in names if name in self._functions)


def _fields_that_hold_a_function(node: ast.ClassDef) -> Iterator[str]:
    for part in node.body:
        match part:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=declared):
                if "Callable" in _words(declared):
                    yield name
            case ast.FunctionDef(name="__init__", args=ast.arguments(args=arguments)):
                for each in arguments:
                    if each.annotation and "Callable" in _words(each.annotation):
                        yield each.arg


def _words(declared: ast.expr) -> set[str]:
    """The names in an annotation, quoted or not."""
    text = ast.unparse(declared)
    return set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())


def _last(node: ast.expr) -> str:
    """The last name of an expression: `reconciler` of `wired.get().reconciler`."""
    if isinstance(node, ast.Call):
        return _last(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
