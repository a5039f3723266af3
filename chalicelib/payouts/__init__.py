"""One payout: requested, approved, listed, settled by hand, and sent to Monoova."""
