"""payoutctl: the product from a terminal, for the people who run it. See docs/payoutctl.md."""

from payoutctl.cli import payoutctl

__all__ = ["payoutctl"]
