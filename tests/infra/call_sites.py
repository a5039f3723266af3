"""Every place in the app's code that calls AWS, read from its source: what there is to permit.

A client that goes where this cannot follow it (handed on, kept under another name, made anywhere
but in wiring.py) is an error here, so that no call can hide.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from botocore import xform_name

from tests.aws import new_session
from tests.infra.conftest import ROOT

APP_CODE: Final = ROOT / "chalicelib"
_WIRING: Final = "chalicelib/container.py"
# What the Encryption SDK calls for us, with the one key that it is given.
_BY_THE_SDK: Final = {"encrypt": "kms.GenerateDataKey", "decrypt": "kms.Decrypt"}
_SDK: Final = "EncryptionSDKClient"

Function = ast.FunctionDef | ast.AsyncFunctionDef


class UnfollowedClientError(Exception):
    """A client of AWS is used in a way that this module cannot read."""


@dataclass(frozen=True, order=True)
class Site:
    """A call of AWS in the code. `function` is qualified as Python does it, `Payouts.due`;
    `operation` is botocore's, `dynamodb.Query`."""

    module: str
    function: str
    operation: str

    def __str__(self) -> str:
        return f"{self.operation} in {self.function} ({self.module})"


def sites_in(folder: Path = APP_CODE) -> frozenset[Site]:
    """Every call of AWS in the modules of a folder."""
    return frozenset(
        site for path in sorted(folder.rglob("*.py")) for site in _sites_of(_name(path), path)
    )


def makers_of_clients(folder: Path = APP_CODE) -> set[str]:
    """The modules that make clients of AWS."""
    return {
        _name(path)
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("create_client", "client", "resource")
    }


def wired_with_a_client() -> set[str]:
    """The classes that wiring.py hands a client to."""
    tree = ast.parse((ROOT / _WIRING).read_text())
    makers = {"_dynamodb", "_sqs", "client"}
    return {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        for argument in node.args
        if isinstance(argument, (ast.Attribute, ast.Name)) and _last(argument) in makers
    }


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def _last(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def _sites_of(module: str, path: Path) -> Iterator[Site]:
    tree = ast.parse(path.read_text())
    services = _client_types(tree)
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name != "__init__":
            for argument in _arguments(node):
                if _annotation(argument) in services:
                    raise UnfollowedClientError(f"{module}: {node.name} takes a client")
        if isinstance(node, ast.ClassDef):
            for attribute, operations in _clients_of(node, services):
                yield from _calls_in(module, node, attribute, operations)


def _client_types(tree: ast.Module) -> dict[str, str]:
    """The types of clients that a module knows, and whose they are: {"SQSClient": "sqs"}."""
    return {
        imported.name: node.module.removeprefix("mypy_boto3_")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mypy_boto3_")
        if node.module
        for imported in node.names
    }


def _arguments(function: Function) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _annotation(argument: ast.arg) -> str:
    annotation = argument.annotation
    if isinstance(annotation, ast.Constant):
        return str(annotation.value)
    return annotation.id if isinstance(annotation, ast.Name) else ""


def _clients_of(
    node: ast.ClassDef, services: dict[str, str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """The attributes in which a class keeps clients, with what each method of theirs calls."""
    for function in node.body:
        if not isinstance(function, Function):
            continue
        if function.name == "__init__":
            given = {a.arg: _annotation(a) for a in _arguments(function)}
            for name, attribute in _kept(function):
                if (service := services.get(given.get(name, ""))) is not None:
                    yield attribute, operations_of(service)
        elif any(isinstance(n, ast.Call) and _is_sdk(n.func) for n in ast.walk(function)):
            yield function.name, _BY_THE_SDK


def _is_sdk(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == _SDK


def _kept(function: Function) -> Iterator[tuple[str, str]]:
    """What `__init__` keeps of its arguments, and as which attribute."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)],
                value=ast.Name(id=name),
            ):
                yield name, attribute


@cache
def operations_of(service: str) -> dict[str, str]:
    """The methods of a client and the operation that each calls."""
    model = new_session().get_service_model(service)
    return {xform_name(name): f"{service}.{name}" for name in model.operation_names}


def _calls_in(
    module: str, node: ast.ClassDef, attribute: str, operations: dict[str, str]
) -> Iterator[Site]:
    """The calls of one client of a class; whatever else is done with it is an error."""
    for function in node.body:
        if not isinstance(function, Function):
            continue
        called: set[int] = set()
        for each in ast.walk(function):
            match each:
                case ast.Call(
                    func=ast.Attribute(
                        value=ast.Attribute(value=ast.Name(id="self"), attr=name) as client,
                        attr=method,
                    )
                ) if name == attribute and method in operations:
                    called.add(id(client))
                    yield Site(module, f"{node.name}.{function.name}", operations[method])
        for each in ast.walk(function):
            match each:
                case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Load()) if (
                    name == attribute and id(each) not in called
                ):
                    where = f"{module}:{each.lineno}: {node.name}.{function.name}"
                    raise UnfollowedClientError(f"{where} does not simply call self.{name}")
