"""The functions' package: the same input, the same bytes; all that is needed, and nothing else."""

import importlib.util
import os
import shutil
import ssl
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from chalicelib.web.pages import DOCS
from tests.tools.deploy.conftest import CACHE, ROOT
from tools import console_script
from tools.deploy import archive, dependencies, package, slim
from tools.deploy.errors import DeployError
from tools.deploy.models import OPERATIONS
from tools.deploy.package import Package
from tools.deploy.wheels import Architecture
from tools.devstack.processes import bare_environment

# https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
_MACHINE_AT: Final = 18
_AARCH64: Final = 183
_X86_64: Final = 62
# https://peps.python.org/pep-0552/: by the source's hash, which is not compared.
_UNCHECKED_HASH: Final = 0b01


# --- the same bytes


def tree(place: Path, names: list[str], modified_at_seconds: int) -> Path:
    for name in names:
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"what {name} says")
        os.utime(file, (modified_at_seconds, modified_at_seconds))
    return place


def test_neither_order_nor_dates_nor_rights_nor_places_change_an_archive(tmp_path: Path) -> None:
    names = ["app.py", "lib/z.py", "lib/a.py", "lib/deep/er.json"]
    one = tree(tmp_path / "one", names, 1_600_000_000)
    other = tree(tmp_path / "elsewhere" / "other", names[::-1], 1_700_000_000)
    (other / "app.py").chmod(0o700)
    archive.pack(tmp_path / "one.zip", one)
    archive.pack(tmp_path / "other.zip", other)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as packed:
        assert packed.namelist() == sorted(names)
        assert {entry.external_attr >> 16 for entry in packed.infolist()} == {0o100644}
        assert packed.read("lib/a.py") == b"what lib/a.py says"


def test_how_the_trees_are_given_does_not_change_an_archive(tmp_path: Path) -> None:
    one, two = tree(tmp_path / "1", ["b.py"], 0), tree(tmp_path / "2", ["a.py", "c.py"], 0)
    archive.pack(tmp_path / "there.zip", one, two)
    archive.pack(tmp_path / "back.zip", two, one)
    assert (tmp_path / "there.zip").read_bytes() == (tmp_path / "back.zip").read_bytes()


def test_a_file_that_two_trees_have_is_not_chosen_by_chance(tmp_path: Path) -> None:
    one, two = tree(tmp_path / "1", ["six.py"], 0), tree(tmp_path / "2", ["six.py"], 0)
    with pytest.raises(ValueError, match=r"six\.py is there twice"):
        archive.pack(tmp_path / "archive.zip", one, two)


BUILD: Final = """\
import sys
from pathlib import Path
from tools.deploy import package
root, place, cache = map(Path, sys.argv[1:])
print(package.build(root, place, stage="prod", cache=cache).digest)
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The project as far as it is packaged, without what is made and not committed."""
    made = ("__pycache__", "deployments", "amazon_roots.pem", "console.js")
    for name in ("chalicelib", ".chalice", "console", "infra"):
        shutil.copytree(
            ROOT / name, tmp_path / "clone" / name, ignore=shutil.ignore_patterns(*made)
        )
    for name in ("app.py", "requirements.txt", "openapi.json"):
        shutil.copy(ROOT / name, tmp_path / "clone")
    return tmp_path / "clone"


def test_a_build_by_another_process_in_another_place_has_the_same_bytes(
    prod: Package, clone: Path, tmp_path: Path
) -> None:
    """One that has nothing loaded of what the tests have: bytecode can depend on that."""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", BUILD, str(clone), str(tmp_path / "some" / "where"), str(CACHE)],
        env=bare_environment() | {"PYTHONHASHSEED": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == prod.digest


# --- what is in it


@pytest.fixture(scope="module")
def names(prod: Package) -> list[str]:
    with zipfile.ZipFile(prod.code) as packed:
        return packed.namelist()


def test_every_file_of_the_app_and_chalices_runtime_are_in_it(
    names: list[str], unpacked: Path
) -> None:
    own = [ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")]
    for file in own:
        name = file.relative_to(ROOT).as_posix()
        assert (unpacked / name).read_bytes() == file.read_bytes(), name
    packed = {name for name in names if name.startswith("chalicelib/") and name.endswith(".py")}
    assert packed == {file.relative_to(ROOT).as_posix() for file in own[1:]}
    assert {"chalice/__init__.py", "chalice/app.py"} <= set(names)


ROOMS: Final = {"tests", "docs", "infra", "simulator", "tools", "bench", "payoutctl", "proof"}
ROOMS_OF_OTHERS: Final = {"pip", "moto", "pytest", "mypy_boto3_dynamodb", "pycparser"}


def test_what_no_function_runs_is_not_in_it(names: list[str]) -> None:
    first = {name.split("/")[0].removesuffix(".py") for name in names}
    assert not first & (ROOMS | {"console", "checker", ".chalice"})
    assert not first & ROOMS_OF_OTHERS


def test_no_metadata_types_tests_or_sources_of_extensions_are_in_it(names: list[str]) -> None:
    parts = {part for name in names for part in Path(name).parts}
    assert [part for part in parts if part.endswith((".dist-info", ".pyi", ".c", ".h"))] == []
    assert not {"tests", "bin", "py.typed"} & parts


def test_botocore_describes_the_services_that_are_called_and_no_other(names: list[str]) -> None:
    data = "botocore/data/"
    services = {
        name.removeprefix(data).split("/")[0]
        for name in names
        if name.startswith(data) and name.count("/") > 2
    }
    assert services == OPERATIONS.keys()


def test_amazons_authorities_are_in_it(unpacked: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(unpacked / slim.ROOTS)
    known = {dict(pair[0] for pair in each["subject"])["commonName"] for each in subjects(context)}
    assert known == {
        *(f"Amazon Root CA {number}" for number in (1, 2, 3, 4)),
        "Starfield Services Root Certificate Authority - G2",
    }


def subjects(context: ssl.SSLContext) -> list[dict[str, tuple[tuple[tuple[str, str]]]]]:
    return context.get_ca_certs()  # type: ignore[return-value]


# --- nothing is left to compile


def test_every_module_has_bytecode_that_is_used_without_a_check_of_dates(
    unpacked: Path,
) -> None:
    modules = list(unpacked.rglob("*.py"))
    assert modules
    for module in modules:
        bytecode = Path(importlib.util.cache_from_source(str(module), optimization=""))
        header = bytecode.read_bytes()[:16]
        assert header[:4] == importlib.util.MAGIC_NUMBER, module
        assert struct.unpack("<I", header[4:8]) == (_UNCHECKED_HASH,), module
        assert header[8:] == importlib.util.source_hash(module.read_bytes()), module
    compiled = list(unpacked.rglob("*.pyc"))
    assert len(compiled) == len(modules)
    assert {path.name.rsplit(".", 2)[1] for path in compiled} == {sys.implementation.cache_tag}


def test_no_bytecode_names_a_place_on_this_machine(unpacked: Path) -> None:
    places = (str(ROOT).encode(), sys.prefix.encode(), str(CACHE).encode())
    compiled = {path: path.read_bytes() for path in unpacked.rglob("*.pyc")}
    assert [path for path, code in compiled.items() if any(p in code for p in places)] == []


# --- the processor


def machines(tree: Path) -> Iterator[int]:
    for library in tree.rglob("*.so*"):
        head = library.read_bytes()[:20]
        assert head[:4] == b"\x7fELF", library
        yield struct.unpack_from("<H", head, _MACHINE_AT)[0]


def test_native_libraries_are_for_the_processor_that_the_functions_run_on(unpacked: Path) -> None:
    assert package.architecture_of(ROOT, "prod") is Architecture.ARM64
    found = list(machines(unpacked))
    assert len(found) > 3
    assert set(found) == {_AARCH64}


def test_those_of_the_emulated_stage_are_for_this_machine() -> None:
    architecture = package.architecture_of(ROOT, "local")
    assert architecture is Architecture.X86_64
    tree = dependencies.ready(ROOT / "requirements.txt", architecture, CACHE)
    found = list(machines(tree))
    assert len(found) > 3
    assert set(found) == {_X86_64}


def test_an_unknown_stage_has_no_processor() -> None:
    with pytest.raises(DeployError, match="has no stage 'nowhere'"):
        package.architecture_of(ROOT, "nowhere")


# --- its size


def test_it_is_as_small_as_promised(prod: Package) -> None:
    assert package.MOST_BYTES == 15_000_000
    assert prod.bytes_packed == prod.code.stat().st_size < package.MOST_BYTES
    assert prod.bytes_packed < prod.bytes_unpacked


def test_a_larger_one_is_refused(
    prod: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "MOST_BYTES", prod.bytes_packed - 1)
    size = rf"{prod.bytes_packed:,} bytes of {prod.bytes_packed - 1:,}"
    with pytest.raises(DeployError, match=size):
        package.build(ROOT, tmp_path / "again", stage="prod", cache=CACHE)


def test_the_console_s_script_is_made_of_its_modules(unpacked: Path) -> None:
    made = console_script.script(ROOT / console_script.SOURCES)
    assert (unpacked / console_script.SCRIPT).read_text() == made


def test_the_pages_are_in_the_package_as_files_of_their_own(unpacked: Path) -> None:
    """openapi.json is a link in the repository, to the one that is compared with the code."""
    document = unpacked / "chalicelib" / "static" / "openapi.json"
    assert not document.is_symlink()
    assert document.read_bytes() == (ROOT / "openapi.json").read_bytes()
    for name in DOCS.names:
        assert (unpacked / "chalicelib" / "static" / "docs" / name).stat().st_size > 10
