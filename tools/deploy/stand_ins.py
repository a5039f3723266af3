"""Modules of the package that stand in for a dependency's own.

Each is imported by a module that we need, and not called by us; a few lines with the names that
are asked for load faster. What each saves, and how to take it out: docs/performance.md.
"""

from collections.abc import Mapping
from typing import Final

# Path in the package -> its text.
STAND_INS: Final[Mapping[str, str]] = {
    "s3transfer/manager.py": '''"""Transfers to S3 are not in this package."""


class TransferConfig:
    """What boto3 asks for by name when it is imported."""
''',
    "s3transfer/__init__.py": "",
    "boto3/resources/__init__.py": "",
    "boto3/resources/factory.py": '''"""The resource API is not in this package."""


class ResourceFactory:
    """What a session of boto3 makes one of."""

    def __init__(self, emitter):
        pass
''',
    "botocore/docs/__init__.py": "",
    "botocore/docs/docstring.py": '''"""Documentation of operations is not in this package."""


class LazyLoadedDocstring(str):
    """An empty text, whatever it is made from."""

    def __new__(cls, *args, **kwargs):
        return super().__new__(cls)


class ClientMethodDocstring(LazyLoadedDocstring):
    pass


class WaiterDocstring(LazyLoadedDocstring):
    pass


class PaginatorDocstring(LazyLoadedDocstring):
    pass
''',
    "charset_normalizer/__init__.py": '''"""Loaded when it is called. Requests imports it always,
and calls it for a text that names no character set."""

from charset_normalizer.version import VERSION, __version__


def detect(*args, **kwargs):
    from charset_normalizer import legacy

    return legacy.detect(*args, **kwargs)
''',
    "urllib3/http2/__init__.py": '''"""HTTP/2 is not in this package."""
''',
}
