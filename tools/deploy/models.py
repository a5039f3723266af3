"""botocore's data cut down to what the app calls: less to load at each cold start.

botocore describes 440 services with all of their operations, and every client reads its whole
service's description and a list of all endpoints there are. What stays are our four services, in
each of them the operations below and the shapes these need, and the endpoints of these four. An
operation that is not named here does not exist in a deployed function; the tests compare the
names with the code's calls.
"""

import gzip
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

OPERATIONS: Final[Mapping[str, frozenset[str]]] = {
    "dynamodb": frozenset(
        {
            "BatchGetItem",
            "DeleteItem",
            "GetItem",
            "PutItem",
            "Query",
            "TransactWriteItems",
            "UpdateItem",
        }
    ),
    "kms": frozenset({"Decrypt", "GenerateDataKey"}),
    "secretsmanager": frozenset({"GetSecretValue"}),
    "sqs": frozenset(
        {
            "ChangeMessageVisibilityBatch",
            "DeleteMessage",
            "GetQueueAttributes",
            "ReceiveMessage",
            "SendMessage",
            "SendMessageBatch",
        }
    ),
}

# Read by every client, whatever its service.
_SHARED: Final = ("_retry.json", "partitions.json", "sdk-default-configuration.json")


def trim(data: Path) -> None:
    """Cut `botocore/data` down, in place."""
    for entry in sorted(data.iterdir()):
        if entry.name in OPERATIONS:
            _trim_service(entry, OPERATIONS[entry.name])
        elif entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name == "endpoints.json":
            _write(entry, _trimmed_endpoints(json.loads(entry.read_bytes())))
        elif entry.name not in _SHARED:
            entry.unlink()


def _trim_service(service: Path, operations: frozenset[str]) -> None:
    newest = max(version.name for version in service.iterdir() if version.is_dir())
    for version in sorted(service.iterdir()):
        if version.name != newest:
            shutil.rmtree(version)
            continue
        for file in sorted(version.iterdir()):
            if file.name.removesuffix(".gz") == "service-2.json":
                model = _trimmed_model(_read(file), operations)
                file.unlink()
                # Uncompressed: the package is compressed as a whole.
                _write(version / "service-2.json", model)
            elif file.name.removesuffix(".gz") == "endpoint-rule-set-1.json":
                rules = _read(file)
                file.unlink()
                _write(version / "endpoint-rule-set-1.json", rules)
            else:  # examples, paginators, waiters: they are not used
                file.unlink()


def _trimmed_model(model: dict[str, Any], operations: frozenset[str]) -> dict[str, Any]:
    kept = {name: each for name, each in model["operations"].items() if name in operations}
    missing = operations - kept.keys()
    if missing:
        raise ValueError(f"{model['metadata']['serviceId']} has no {sorted(missing)}")
    shapes = _needed(model["shapes"], kept.values())
    trimmed: dict[str, Any] = _without_documentation(
        {
            **{name: model[name] for name in ("version", "metadata") if name in model},
            "operations": kept,
            "shapes": {name: model["shapes"][name] for name in model["shapes"] if name in shapes},
        }
    )
    return trimmed


def _needed(shapes: Mapping[str, Any], roots: Iterable[object]) -> frozenset[str]:
    """The names of all shapes that `roots` mention, directly or through other shapes."""
    needed: set[str] = set()
    waiting: list[object] = list(roots)
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            name = part.get("shape")
            if isinstance(name, str) and name not in needed:
                needed.add(name)
                waiting.append(shapes[name])
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return frozenset(needed)


def _without_documentation(part: Any) -> Any:
    if isinstance(part, dict):
        return {
            name: _without_documentation(each)
            for name, each in part.items()
            # A member may be called `documentation` too; then it is no text.
            if not (name in ("documentation", "documentationUrl") and isinstance(each, str))
        }
    if isinstance(part, list):
        return [_without_documentation(each) for each in part]
    return part


def _trimmed_endpoints(endpoints: dict[str, Any]) -> dict[str, Any]:
    """The partitions with our services alone; their regions and patterns stay."""
    partitions = [
        partition
        | {
            "services": {
                name: each
                for name, each in partition["services"].items()
                if name in {*OPERATIONS, "sts"}  # sts: botocore asks for it to find credentials
            }
        }
        for partition in endpoints["partitions"]
    ]
    return endpoints | {"partitions": partitions}


def _read(file: Path) -> dict[str, Any]:
    content = file.read_bytes()
    if file.suffix == ".gz":
        content = gzip.decompress(content)
    document: dict[str, Any] = json.loads(content)
    return document


def _write(file: Path, document: object) -> None:
    file.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")
