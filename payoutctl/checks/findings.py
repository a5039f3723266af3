"""What a check says."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from payoutctl.exits import Failure


class Verdict(StrEnum):
    """`NOT_SEEN`: it may be well; it could not be checked."""

    OK = "ok"
    FAILED = "failed"
    NOT_SEEN = "not seen"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what to do where it is not as it should be."""

    check: str
    verdict: Verdict
    detail: str = ""
    what_to_do: str = ""


@dataclass
class Findings:
    """Gathered as they are found, in order."""

    items: list[Finding] = field(default_factory=list)

    def add(self, check: str, is_ok: bool, detail: str = "", to_do: str = "") -> bool:
        verdict = Verdict.OK if is_ok else Verdict.FAILED
        self.items.append(Finding(check, verdict, detail, "" if is_ok else to_do))
        return is_ok

    def not_seen(self, check: str, detail: str, to_do: str = "") -> None:
        self.items.append(Finding(check, Verdict.NOT_SEEN, detail, to_do))

    def add_of_aws(self, check: str, is_ok: bool, to_do: str, *, is_emulated: bool) -> None:
        """A setting that the emulated AWS takes, and does not keep."""
        if is_emulated and not is_ok:
            self.not_seen(check, "not kept by the emulated AWS")
        else:
            self.add(check, is_ok, "", to_do)

    @contextmanager
    def looking_at(self, check: str, to_do: str = "Deploy the stage again.") -> Iterator[None]:
        """A thing that is not there has failed; one that we may not look at is not seen."""
        from botocore.exceptions import BotoCoreError, ClientError

        from payoutctl.aws import code_of

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            code = code_of(error)
            if any(word in code for word in ("NotFound", "NonExistent", "DoesNotExist")):
                self.add(check, False, f"missing ({code})", to_do)
            else:
                self.not_seen(check, code)
        except Failure as failure:
            self.not_seen(check, failure.message)

    def count(self, verdict: Verdict) -> int:
        return sum(1 for each in self.items if each.verdict is verdict)

    def document(self) -> dict[str, Any]:
        rows = [
            {
                "check": each.check,
                "verdict": each.verdict.value,
                "detail": each.detail,
                "what_to_do": each.what_to_do,
            }
            for each in self.items
        ]
        return {
            "checks": rows,
            "failed": self.count(Verdict.FAILED),
            "not_seen": self.count(Verdict.NOT_SEEN),
        }
