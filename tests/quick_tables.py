"""What moto's DynamoDB does to its items and expressions, in a shorter way.

Most of a run's time goes there: it copies whole tables for each transaction, sorts them for each
query, measures an item for each attribute that is set, and walks each expression ten times. What
comes of a call stays what it is.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache, lru_cache
from typing import Any, Final

from moto.dynamodb import models
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models import dynamo_type, table
from moto.dynamodb.parsing import ast_nodes, expressions, validators

_STRING: Final = dynamo_type.DDBType.STRING
_CONTAINERS: Final = {
    dynamo_type.DDBType.LIST,
    dynamo_type.DDBType.MAP,
    dynamo_type.DDBType.STRING_SET,
    dynamo_type.DDBType.NUMBER_SET,
    dynamo_type.DDBType.BINARY_SET,
}
_MOST_BYTES: Final = 405_000  # moto's own, between AWS's 409 and 410 kB and its documented 400
_NO_LOOK_AHEAD: Final = ast_nodes.DepthFirstTraverser.pre_processing_of_child
_is_a: Any = cache(issubclass)


def install() -> None:
    """To be called once, before anything speaks to moto."""
    read_strings_at_once()
    sort_by_plain_values()
    share_items_between_copies()
    remember_expressions()
    walk_expressions_faster()
    copy_attributes_without_measuring()


def read_strings_at_once() -> None:
    """Nearly all values are strings: their value, and their size, need no look at other types."""
    kind: Any = dynamo_type.DynamoType
    cast_value, size = kind.cast_value.fget, kind.size

    def shorter_cast_value(self: Any) -> Any:
        return self.value if self.type == _STRING else cast_value(self)

    def shorter_size(self: Any) -> int:
        if self.type == _STRING and self.value.isascii():
            return len(self.value)
        return int(size(self))

    kind.cast_value = property(shorter_cast_value)
    kind.size = shorter_size


def sort_by_plain_values() -> None:
    """A query sorts the whole table: by values, not by objects that compare theirs."""

    def place(item: Any) -> Any:
        if item.range_key:
            return item.hash_key.cast_value, item.range_key.cast_value
        return item.hash_key.cast_value

    def all_items(self: Any) -> list[Any]:
        groups = self.items.values()
        found = [each for one in groups for each in one.values()] if self.range_key_attr else groups
        return sorted(found, key=place)

    kind: Any = table.Table
    kind.all_items = all_items


def share_items_between_copies() -> None:
    """A transaction copies its tables, to have them if it fails.

    An update changes an item of its own, so that copies of a table can share the others.
    """
    backend: Any = models.DynamoDBBackend
    update = backend.update_item

    def copied(self: Any, _memo: Any) -> Any:
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy.items = type(self.items)(self.items.default_factory, self.items)
        if self.range_key_attr:
            for key, group in self.items.items():
                copy.items[key] = dict(group)
        return copy

    def update_item(self: Any, table_name: str, key: Any, *rest: Any, **named: Any) -> Any:
        found = self.get_table(table_name)
        place, group = dynamo_type.DynamoType(key[found.hash_key_attr]), found.items
        if found.range_key_attr:
            group = group.get(place, {})
            place = dynamo_type.DynamoType(key[found.range_key_attr])
        if place in group:
            group[place] = deepcopy(group[place])
        return update(self, table_name, key, *rest, **named)

    kind: Any = table.Table
    kind.__deepcopy__ = copied
    backend.update_item = update_item


def remember_expressions() -> None:
    """An expression is read once; what validates it works on a copy."""
    parser: Any = expressions.UpdateExpressionParser
    parser.make = lru_cache(1000)(parser.make)
    node: Any = ast_nodes.Node

    def copied(self: Any, memo: dict[int, Any]) -> Any:
        copy = object.__new__(type(self))
        memo[id(self)] = copy
        copy.__dict__.update(self.__dict__)
        copy.parent = memo.get(id(self.parent), self.parent)
        if self.children is not None:
            copy.children = [deepcopy(child, memo) for child in self.children]
        return copy

    node.__deepcopy__ = copied


def walk_expressions_faster() -> None:
    """Which types of node a walk is for depends on their classes alone."""
    traverser: Any = ast_nodes.DepthFirstTraverser
    nodes_of = traverser.nodes_to_be_processed

    def nodes_to_be_processed(self: Any) -> Any:
        if not hasattr(self, "_nodes"):
            self._nodes = nodes_of(self)
        return self._nodes

    traverser.nodes_to_be_processed = nodes_to_be_processed
    traverser.traverse_node_recursively = _walked
    validators.Validator.validate = _validated
    counter: Any = validators.ActionCountValidator
    count = counter.verify_action_counts

    def verify_action_counts(self: Any, node: Any) -> Any:
        return node if node.parent is not None else count(self, node)  # the root has them all

    counter.verify_action_counts = verify_action_counts


def _validated(validator: Any) -> Any:
    """One list of all nodes, children first, serves each walk that only looks at its own types."""
    root, nodes = validator.node_to_validate, None
    for walk in validator.processors:
        if type(walk).pre_processing_of_child is not _NO_LOOK_AHEAD:
            root, nodes = _walked(walk, root), None
            continue
        if nodes is None:
            nodes = [*_with_places(root)]
        is_same = _processed(walk, nodes)
        root = nodes[-1][0]
        if not is_same:
            nodes = None
    return root


def _processed(walk: Any, nodes: list[tuple[Any, int]]) -> bool:
    """Whether these are the nodes afterwards: what replaces one with children has others."""
    is_same, wanted = True, walk.nodes_to_be_processed()
    for number, (node, place) in enumerate(nodes):
        if not _is_a(type(node), wanted):
            continue
        done = walk.process(node)
        if done is not node:
            done.parent = node.parent
            if node.parent:
                node.parent.children[place] = done
            nodes[number] = done, place
            is_same = is_same and _is_a(type(node), ast_nodes.LeafNode)
    return is_same


def _with_places(node: Any, place: int = -1) -> Iterator[tuple[Any, int]]:
    for number, child in enumerate(node.children or ()):
        if _is_a(type(child), ast_nodes.Node):
            yield from _with_places(child, number)
    yield node, place


def _walked(walk: Any, node: Any, place: int = -1) -> Any:
    parent = node.parent
    for number, child in enumerate(node.children or ()):
        walk.pre_processing_of_child(node, number)
        if _is_a(type(child), ast_nodes.Node):
            _walked(walk, child, number)
    if _is_a(type(node), walk.nodes_to_be_processed()):
        node = walk.process(node)
        node.parent = parent
        if parent:
            parent.children[place] = node
    return node


def copy_attributes_without_measuring() -> None:
    """The size of the whole is asked for once, not for each of its parts, and for no copy.

    What holds no other value is never changed, only replaced: copies share it.
    """
    attributes: Any = dynamo_type.LimitedSizeDict
    value: Any = dynamo_type.DynamoType
    item: Any = dynamo_type.Item
    copy_of_value = value.__deepcopy__

    def copied_value(self: Any, memo: Any) -> Any:
        return copy_of_value(self, memo) if self.type in _CONTAINERS else self

    def with_attributes(parts: Mapping[str, Any]) -> Any:
        made = attributes()
        dict.update(made, parts)
        return made

    def copied_attributes(self: Any, memo: Any) -> Any:
        return with_attributes({name: deepcopy(part, memo) for name, part in self.items()})

    def copied_item(self: Any, memo: Any) -> Any:
        copy = object.__new__(item)
        copy.hash_key, copy.range_key = self.hash_key, self.range_key
        copy.attrs = deepcopy(self.attrs, memo)
        return copy

    def new_item(self: Any, hash_key: Any, range_key: Any, attrs: Mapping[str, Any]) -> None:
        self.hash_key, self.range_key = hash_key, range_key
        self.attrs = with_attributes({name: value(part) for name, part in attrs.items()})
        if self.size() > _MOST_BYTES:
            raise ItemSizeTooLarge

    value.__deepcopy__ = copied_value
    attributes.__deepcopy__ = copied_attributes
    item.__deepcopy__ = copied_item
    item.__init__ = new_item
