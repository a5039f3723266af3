"""AWS in memory: stores and clients over dictionaries, each call one instant.

`tests/proof/test_memory_is_like_dynamodb.py` compares these stores with the real ones.
"""
