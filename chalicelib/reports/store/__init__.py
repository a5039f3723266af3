"""Daily reports and received funds in the records table, and a whole day of payouts."""
