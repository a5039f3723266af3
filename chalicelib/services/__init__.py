"""The use-cases. Each knows the stores and Monoova through the doors it was given in `wiring`."""
