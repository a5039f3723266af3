"""Judges from outside, by what was seen and by Monoova's book, whether the promises held.

Shares no code with anything else here: an error in the app cannot be repeated in its judge.
"""
