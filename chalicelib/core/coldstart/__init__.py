"""Measures that make a cold start cheap and change nothing else.

What each saves, and how to take it out: docs/performance.md. `python -m bench.cold` measures them
together; `make check-coldstart` holds what a start may take.
"""
