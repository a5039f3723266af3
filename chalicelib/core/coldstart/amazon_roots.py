"""AWS's endpoints are trusted by Amazon's own authorities.

Reading all of the world's takes 30 ms of CPU for each connection pool. Monoova is checked against
them all.
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.session import Session

# In a package only, which is made with it (`tools/deploy/slim.py`).
_FILE = os.path.join(os.path.dirname(__file__), "amazon_roots.pem")  # noqa: PTH118, PTH120


def trust_amazon_alone(session: "Session") -> None:
    """Every client of `session` reads Amazon's authorities, where the package has them."""
    if os.path.exists(_FILE):  # noqa: PTH110
        session.set_config_variable("ca_bundle", _FILE)
