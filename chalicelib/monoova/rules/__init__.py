"""What Monoova's answers prove, where it can pay to, and whether it may be called now."""
