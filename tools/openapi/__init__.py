"""The OpenAPI document: operations, requests, replies, problems and examples."""
