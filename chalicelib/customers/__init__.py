"""Customers, where each is paid, and the proof that an account is theirs."""
