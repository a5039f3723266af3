"""The rules of a batch: its life cycle, and what a file of payouts may look like."""
