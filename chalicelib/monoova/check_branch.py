"""Whether a bank's branch can be paid to, as far as Monoova says so."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.rules.branch import NOT_TOLD, Branch, branch_of

if TYPE_CHECKING:
    from chalicelib.monoova.client import MonoovaClient

# A caller waits, and the answer can wait: `POST /payouts/validate` asks again.
_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class BranchCheck:
    """Monoova's `bsbValidate`. Nothing depends on its being answered."""

    monoova: "MonoovaClient"
    gatekeeper: Gatekeeper

    def ask(self, bsb: str) -> Branch:
        """The branch of a BSB in the form `999-999`.

        A caller waits for it, so it is a look: it neither counts nor probes.
        """
        if not self.gatekeeper.may_look():
            return NOT_TOLD
        document, answer = self.monoova.call_json(
            "bsb", "GET", f"/tools/v1/bsbValidate/{bsb}", None, _SECONDS
        )
        self.gatekeeper.tell_looked(answer)
        return branch_of(answer, closed=document.get("closed"), address=document.get("address"))
