"""What the package is made of, in CycloneDX's form: `sbom.cdx.json` beside it.

Who reads of a vulnerability next year asks this file, not the machine that built the package.
"""

import base64
import re
import uuid
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    XsUri,
)
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from tools import docs_page

NAME: Final = "sbom.cdx.json"
_PRODUCT: Final = "monoova-payouts"
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")
_DIGEST: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
# Chalice puts its own runtime into the package.
_RUNTIME: Final = "chalice"


def written(requirements: Path, digest: str) -> str:
    """The bill of the package whose SHA-256 is `digest`, as JSON."""
    package = Component(
        name=_PRODUCT,
        version=digest,
        type=ComponentType.APPLICATION,
        bom_ref=_PRODUCT,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
    )
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"{_PRODUCT}:{digest}"),
        components=[*_pinned(requirements), _chalice(), _swagger_ui()],
    )
    bom.metadata.component = package
    bom.register_dependency(package, bom.components)
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _pinned(requirements: Path) -> Iterator[Component]:
    """A component for each version that is pinned, with the digests that pip takes it by."""
    found: list[tuple[str, str, list[str]]] = []
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if pin := _PIN.match(line):
            found.append((pin[1], pin[2], []))
        elif taken := _DIGEST.search(line):
            found[-1][2].append(taken[1])
    for name, version, digests in found:
        yield _component("pypi", name, version, _taken_by(name, digests))


def _taken_by(name: str, digests: list[str]) -> ExternalReference:
    return ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(f"https://pypi.org/project/{name}/"),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in digests],
    )


def _chalice() -> Component:
    return _component("pypi", _RUNTIME, metadata.version(_RUNTIME), None)


def _swagger_ui() -> Component:
    name, _, version = docs_page.PACKAGE.rpartition("@")
    digest = base64.b64decode(docs_page.SHA512).hex()
    reference = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(f"https://www.npmjs.com/package/{name}"),
        hashes=[HashType(alg=HashAlgorithm.SHA_512, content=digest)],
    )
    return _component("npm", name, version, reference)


def _component(
    kind: str, name: str, version: str, reference: ExternalReference | None
) -> Component:
    locator = PackageURL(kind, None, name, version)
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=str(locator),
        purl=locator,
        external_references=[reference] if reference else [],
    )
