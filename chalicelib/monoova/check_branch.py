"""Whether a bank's branch can be paid to, as far as Monoova says so."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.rules.branch import NOT_TOLD, Branch, branch_of
from chalicelib.monoova.rules.outcome import Silence, is_login_problem

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

        An unanswered question says nothing of whether payouts would be taken, so it is not reported
        to the circuit. A refused login is: Monoova counts that of a question too.
        """
        if not self.gatekeeper.may_ask_optionally():
            return NOT_TOLD
        document, answer = self.monoova.call_json(
            "bsb", "GET", f"/tools/v1/bsbValidate/{bsb}", None, _SECONDS
        )
        if not isinstance(answer, Silence) and is_login_problem(answer):
            self.gatekeeper.tell(answer)
        return branch_of(answer, closed=document.get("closed"), address=document.get("address"))
