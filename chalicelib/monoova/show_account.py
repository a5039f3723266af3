"""The business's own account at Monoova."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.core.errors import ErrorCode, TryAgainError
from chalicelib.core.secrets import SecretUnavailableError, WrongEnvironmentError
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.rules.gate import Passage

if TYPE_CHECKING:
    from chalicelib.monoova.client import Account, MonoovaClient


@dataclass(frozen=True, slots=True)
class AccountService:
    """The mAccount that payouts are paid from."""

    monoova: "MonoovaClient"
    gatekeeper: Gatekeeper
    maccount_token: str

    def balance(self) -> "Account":
        """The account's money as Monoova has it now.

        Raises:
            TryAgainError: Monoova does not say, or is not being called.
            WrongEnvironmentError
        """
        self._check_environment()
        if self.gatekeeper.enter_to_ask(self.gatekeeper.look()) is Passage.CIRCUIT_OPEN:
            raise TryAgainError(
                "Monoova is not being called at the moment.", ErrorCode.SENDING_STOPPED
            )
        account, answer = self.monoova.account(self.maccount_token)
        self.gatekeeper.tell(answer)
        if account is None:
            raise TryAgainError("Monoova does not tell the balance at the moment.")
        return account

    def _check_environment(self) -> None:
        try:
            self.monoova.check_ready()
        except WrongEnvironmentError:
            raise
        except SecretUnavailableError:
            # The call that follows says so, and is counted.
            return
