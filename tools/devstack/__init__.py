"""Everything on one machine: an emulated AWS with the app deployed into it, and a Monoova.

Never deployed. `python -m tools.devstack run` serves until Ctrl-C, `python -m tools.devstack demo`
ends by itself, and the end-to-end tests use `tools.devstack.stack.Stack`.
"""
