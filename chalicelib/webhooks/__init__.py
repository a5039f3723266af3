"""What Monoova tells us: authentication, events, and the dead-letter queue."""
