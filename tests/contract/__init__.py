"""Every assumption that the app holds about Monoova, stated once and put to the test.

One suite of tests, through the app's own client, run against the simulator always and against
Monoova's real sandbox where `MONOOVA_SANDBOX_API_KEY` is set.
"""
