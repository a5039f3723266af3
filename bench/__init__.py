"""Measures: cold starts, warm requests, calls, reconciliation, a burst. Never deployed."""
