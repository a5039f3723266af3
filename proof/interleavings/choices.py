"""Enumerates every path through a tree of choices, without knowing the tree beforehand."""

from dataclasses import dataclass, field


@dataclass
class Choices:
    """Begin a run with `restart`, ask `choose` in it, and go on while `advance` says so."""

    _path: list[int] = field(default_factory=list)
    _widths: list[int] = field(default_factory=list)
    _depth: int = 0

    def restart(self) -> None:
        self._depth = 0

    @property
    def is_new(self) -> bool:
        """Whether the next choice is made for the first time."""
        return self._depth >= len(self._path)

    def choose(self, count: int) -> int:
        """One of `count` alternatives; each of them comes on some run."""
        if count == 1:
            return 0
        if self._depth == len(self._path):
            self._path.append(0)
            self._widths.append(count)
        chosen = self._path[self._depth]
        self._depth += 1
        return chosen

    def advance(self) -> bool:
        """Moves to the next path; False when there is none."""
        del self._path[self._depth :], self._widths[self._depth :]
        while self._path and self._path[-1] + 1 == self._widths[-1]:
            self._path.pop()
            self._widths.pop()
        if not self._path:
            return False
        self._path[-1] += 1
        return True

    @property
    def path(self) -> tuple[int, ...]:
        """What was chosen on this run: its name."""
        return tuple(self._path[: self._depth])
