"""The rules of verification: its states, and whether two names may be the same."""
