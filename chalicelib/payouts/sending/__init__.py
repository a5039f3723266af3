"""A payout on its way to Monoova: sent, recorded, asked about, reconciled."""
