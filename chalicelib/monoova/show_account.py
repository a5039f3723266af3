"""The business's own account at Monoova."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.core.errors import ErrorCode, TryAgainError
from chalicelib.core.secrets import SecretUnavailableError, WrongEnvironmentError
from chalicelib.monoova.gatekeeper import Gatekeeper

if TYPE_CHECKING:
    from chalicelib.monoova.client import Account, MonoovaClient


@dataclass(frozen=True, slots=True)
class AccountService:
    """The mAccount that payouts are paid from."""

    monoova: "MonoovaClient"
    gatekeeper: Gatekeeper
    maccount_token: str

    def balance(self) -> "Account":
        """The account's money as Monoova has it now, for a person who looks at it.

        Raises:
            TryAgainError: Monoova does not say, or is not being called.
            WrongEnvironmentError
        """
        self._check_environment()
        if not self.gatekeeper.may_look():
            raise _not_called()
        account, answer = self.monoova.account(self.maccount_token)
        self.gatekeeper.tell_looked(answer)
        return _told(account)

    def asked_balance(self) -> "Account":
        """As `balance`, where the app asks by itself: it counts as a question, and may probe."""
        if not self.gatekeeper.enter_to_ask(self.gatekeeper.look()).is_through:
            raise _not_called()
        account, answer = self.monoova.account(self.maccount_token)
        self.gatekeeper.tell_asked(answer)
        return _told(account)

    def _check_environment(self) -> None:
        try:
            self.monoova.check_ready()
        except WrongEnvironmentError:
            raise
        except SecretUnavailableError:
            # The call that follows says so, and is counted.
            return


def _not_called() -> TryAgainError:
    return TryAgainError("Monoova is not being called at the moment.", ErrorCode.SENDING_STOPPED)


def _told(account: "Account | None") -> "Account":
    if account is None:
        raise TryAgainError("Monoova does not tell the balance at the moment.")
    return account
