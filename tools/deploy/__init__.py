"""From a clone to a running stage: the package of the functions, the stacks, and what joins them.

Never deployed. `python -m tools.deploy --help`, or `make package`, `make infra` and `make deploy`.
"""
