"""The life cycle of a payout, and what each event does to it."""
