"""The transactions table: one item per payout. Every write is conditional."""
