"""DynamoDB as all stores use it: values, items, many at once, retention."""
