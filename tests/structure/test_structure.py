"""The structure of the code: no import cycle, and folders that can be seen at a glance."""

from pathlib import Path
from typing import Final

import grimp
import networkx

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("chalicelib", "payoutctl", "tools", "proof", "simulator", "bench", "tests")
MOST_MODULES: Final = 15


def test_no_modules_import_each_other_in_a_circle() -> None:
    # Imports inside functions and for types alone count, too, and those between packages.
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    assert len(graph.modules) > 500
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
