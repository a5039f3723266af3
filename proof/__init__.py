"""Tries to break the promises, in every way we can think of; never deployed."""
