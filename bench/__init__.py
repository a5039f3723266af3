"""Measures the speed of the app against the calls that it cannot do without. Never deployed."""
