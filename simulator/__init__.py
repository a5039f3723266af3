"""A Monoova that runs on this machine: for development and tests, never deployed.

One behaviour (`simulator.monoova.Monoova`), two ways to reach it: a loopback HTTP server
(`python -m simulator`) and a `requests` adapter for tests (`simulator.adapter`).
It shares no code with the product, so that its book is an independent judge of what was paid.
"""
