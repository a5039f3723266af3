"""Lists the money that came in."""

from dataclasses import dataclass

from chalicelib.core.cursor import start_of_records
from chalicelib.core.dynamodb.items import Page
from chalicelib.reports.rules.funding import Credit
from chalicelib.reports.store.funding import COLLECTION, Funding


@dataclass(frozen=True, slots=True)
class Funds:
    """Credits as Monoova's webhooks told of them."""

    funding: Funding

    def newest(self, limit: int, cursor: str | None) -> Page[Credit]:
        """The credits, newest first.

        Raises:
            InvalidRequestError: the cursor is not one of this list.
        """
        return self.funding.newest(limit, start_of_records(cursor, COLLECTION))
