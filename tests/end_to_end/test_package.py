"""What was deployed: the app and all that it imports, and nothing else of this repository."""

import ast
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.end_to_end.deployed import REQUEST_SECONDS, Deployed, session
from tools.devstack.processes import bare_environment
from tools.devstack.stack import ROOT

# Neither the interpreter's site-packages nor ours: only the standard library and the package.
IMPORT_ALL = """\
import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
    print(name)
"""


@pytest.fixture(scope="module")
def package(deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of a deployed function, unpacked."""
    found = deployed.lambda_.get_function(FunctionName=deployed.stack.function("APIHandler"))
    with session() as http:
        answer = http.get(found["Code"]["Location"], timeout=REQUEST_SECONDS)
    answer.raise_for_status()
    unpacked = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(unpacked)
    return unpacked


def own_files(root: Path) -> list[Path]:
    """The files of the app itself, from `root` on."""
    found = [root / "app.py", *(root / "chalicelib").rglob("*.py")]
    return sorted(path.relative_to(root) for path in found)


def module_of(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[str]:
    """The modules that a file imports, inside functions too; not those for a type checker alone."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module)):
                yield module
        waiting.extend(ast.iter_child_nodes(node))


# Imported by chalicelib/deploy_check.py inside of a function that only that command line calls.
OF_CHALICES_COMMAND_LINE: Final = {"click"}


def test_the_package_carries_all_that_it_imports(package: Path) -> None:
    files = own_files(package)
    imported = {name for path in files for name in imports_of(package / path)}
    imported -= OF_CHALICES_COMMAND_LINE
    wanted = sorted(imported | {module_of(path) for path in files})
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-I", "-S", "-c", IMPORT_ALL, str(package), *wanted],
        env=bare_environment(),
        cwd=package,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == wanted


@pytest.mark.parametrize(
    "name",
    [
        "tests",
        "simulator",
        "tools",
        "payoutctl",
        "infra",
        "docs",
        "moto",
        "pytest",
        "mypy",
        "hypothesis",
    ],
)
def test_what_only_serves_development_is_not_deployed(package: Path, name: str) -> None:
    assert not (package / name).exists()
    assert not (package / f"{name}.py").exists()


def test_every_file_of_the_app_is_deployed(package: Path) -> None:
    assert own_files(package) == own_files(ROOT)
