"""Modules that are loaded when they are first asked for."""

import importlib
from collections.abc import Callable, Mapping
from types import ModuleType

from chalicelib.core.coldstart.collector import loading


def late_modules(modules: Mapping[str, str]) -> Callable[[str], ModuleType]:
    """The `__getattr__` of a module whose attributes are the `modules`, each by its dotted name."""

    def load(name: str) -> ModuleType:
        if name in modules:
            with loading():
                return importlib.import_module(modules[name])
        raise AttributeError(name)

    return load
