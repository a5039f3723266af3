"""The garbage collector rests while the app is loaded: nothing becomes garbage there.

Looking for it all the same takes a fifth of a cold start. Imported before anything else.
"""

import gc

gc.disable()


def done() -> None:
    """The app is loaded: what there is now stays, and is not looked through again."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
