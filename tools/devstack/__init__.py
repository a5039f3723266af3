"""Everything on one machine: an emulated AWS with the app deployed into it, and a Monoova.

Never deployed. `python -m tools.devstack run` shows it to a person, `python -m tools.devstack demo`
to a script, and `tools.devstack.stack.Stack` gives it to the end-to-end tests.
"""
