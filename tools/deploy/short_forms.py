"""Reads a CloudFormation template with its short forms (`!Ref Table`) as their bare values.

For readers of a template's plain parts; what a short form stands for is not worked out.
"""

from typing import Any

import yaml


def loaded(text: str) -> dict[str, Any]:
    """The template in `text`."""
    document: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    return document


class _Loader(yaml.SafeLoader):
    """Takes any tag."""


def _bare(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _bare)
