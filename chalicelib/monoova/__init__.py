"""Monoova's Payments API: what we say to it, what it says to us, and whether to say anything."""
