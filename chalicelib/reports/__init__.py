"""Each day compared with Monoova's books, the figures of days, and funds received."""
