"""The tables. Every write is conditional; a failed condition tells what stands there instead."""
