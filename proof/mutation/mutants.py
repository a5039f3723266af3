"""The mutants: copies of a module with one small change each, as mutmut would make it.

mutmut itself changes only what stands in plain functions. Half of the rules are tables, sets,
patterns and properties, so its operators are applied here to whole modules.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Final

import libcst as cst
from mutmut.mutation.mutators import mutation_operators

# Types mean nothing to a running program. What a decorator says is said of the definition as a
# whole, and mutmut leaves it alone too.
_LEFT_ALONE: Final = (cst.Annotation, cst.Decorator)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one change. `before` and `after` are the lines that differ, as one line."""

    module: str
    scope: str
    before: str
    after: str
    source: str
    number: int = 1

    @property
    def name(self) -> str:
        """The same for as long as the changed lines are: line numbers do not count.

        Lines that occur several times in one scope are distinguished by a number.
        """
        number = f" (no. {self.number})" if self.number > 1 else ""
        return f"{self.module}.{self.scope}: {self.before} → {self.after or 'nothing'}{number}"

    @property
    def rank(self) -> str:
        """An order that has nothing to do with the place in the file: for samples."""
        return hashlib.sha256(self.name.encode()).hexdigest()


def mutants_of(path: Path, module: str) -> Iterator[Mutant]:
    """Every mutant that compiles, each once, of the module at `path`, which they call `module`."""
    tree = cst.parse_module(path.read_text())
    # A change is made within its statement and then put between the others: to make it in the
    # tree of the whole module takes twenty times as long.
    statements = [tree.code_for_node(statement) for statement in tree.body]
    head, foot = tree.code.split("".join(statements))
    names = Counter[str]()
    for index, statement in enumerate(tree.body):
        before, after = head + "".join(statements[:index]), "".join(statements[index + 1 :]) + foot
        seen = {statements[index]}
        for scope, changed in _changes_in(statement):
            text = tree.code_for_node(changed)
            if text in seen or not _compiles(text):
                continue
            seen.add(text)
            difference = _difference(statements[index], text)
            mutant = Mutant(module, scope, *difference, before + text + after)
            names[mutant.name] += 1
            yield replace(mutant, number=names[mutant.name])


def _changes_in(statement: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode]]:
    collector = _Collector()
    statement.visit(collector)
    for scope, node, changed in collector.found:
        mutated = statement.deep_replace(node, changed)
        assert isinstance(mutated, cst.CSTNode)
        yield scope, mutated


class _Collector(cst.CSTVisitor):
    """Applies every operator to every node, and notes in which definition the node stands."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, cst.CSTNode, cst.CSTNode]] = []
        self._scope: list[str] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, _LEFT_ALONE):
            return False
        if isinstance(node, cst.ClassDef | cst.FunctionDef):
            self._scope.append(node.name.value)
        scope = ".".join(self._scope) or "module"
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                self.found += [(scope, node, changed) for changed in operator(node)]
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.ClassDef | cst.FunctionDef):
            self._scope.pop()


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _difference(text: str, source: str) -> tuple[str, str]:
    old, new = text.splitlines(), source.splitlines()
    edits = [
        (old[a:b], new[c:d])
        for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
    before, after = ([line.strip() for edit in edits for line in edit[side]] for side in (0, 1))
    return " ".join(before), " ".join(after)
