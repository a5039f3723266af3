"""Imported by app.py before anything else: what has to be on before modules are loaded."""

import gc

gc.disable()  # until `collector.app_loaded()`

from chalicelib.core.coldstart import generated_code  # noqa: E402 - it makes garbage, too

generated_code.use()
