"""Imported by app.py before anything else: the garbage collector rests until `starting.done()`."""

import gc

gc.disable()
