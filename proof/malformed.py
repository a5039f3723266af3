"""Items that cannot be read, which stand in the tables and must harm nothing but themselves."""

import random
import uuid

from proof.system import System


def drop_malformed_row(system: System, randomness: random.Random) -> None:
    """Puts an item that cannot be read into one of the tables; it looks due, or open."""
    name = str(uuid.UUID(int=randomness.getrandbits(128), version=4))
    tables = system.tables
    table = randomness.choice(("transactions", "customers", "records"))
    if table == "transactions":
        tables.malformed_payouts[name] = system.kernel.now()
    elif table == "customers":
        tables.malformed_customers.add(name)
    else:
        tables.open_batches.add(name)
        tables.malformed_batches.add(name)
    system.history.add("attack", what="malformed row", reference=name)
