"""HTTP and queue events: requests parsed, errors made answers, answers made JSON."""
