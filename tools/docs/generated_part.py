"""The part of a page that is written by the code: what stands between two marks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GeneratedPart:
    """`begin` and `end` are lines of their own in the page, and stay there."""

    begin: str
    end: str

    def of(self, document: str) -> str:
        """What stands between the marks now."""
        return document.partition(self.begin)[2].partition(self.end)[0]

    def replaced(self, document: str, text: str) -> str:
        """The document with `text` between the marks."""
        before, _, rest = document.partition(self.begin)
        _, _, after = rest.partition(self.end)
        return f"{before}{self.begin}{text}{self.end}{after}"
