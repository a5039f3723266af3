"""An AWS of dictionaries: the app's own adapters with nothing behind them, each call one instant.

`tests/proof/test_memory_is_like_dynamodb.py` holds these stores to what the real ones do.
"""
