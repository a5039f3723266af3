"""The structure of the code: no import cycle, and folders that can be seen at a glance."""

from pathlib import Path
from typing import Final

import grimp
import networkx
import pytest

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("chalicelib", "payoutctl", "tools", "proof", "simulator", "bench")
MOST_MODULES: Final = 15


@pytest.mark.parametrize("package", PACKAGES)
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    # Imports inside functions and for types alone count, too.
    graph = grimp.build_graph(package, cache_dir=None)
    imports = networkx.DiGraph(
        (module, imported)
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
    )
    circles = [each for each in networkx.strongly_connected_components(imports) if len(each) > 1]
    assert circles == []


def test_no_folder_of_deployed_code_has_more_than_fifteen_modules() -> None:
    folders = {file.parent for file in (ROOT / "chalicelib").rglob("*.py")}
    assert len(folders) > 20
    counts = {str(each.relative_to(ROOT)): len(list(each.glob("*.py"))) for each in folders}
    assert {name: count for name, count in counts.items() if count > MOST_MODULES} == {}
