"""What botocore and moto work out anew for every call and every client, though it never changes.

Each of these changes how often something is worked out, none what comes of it: without them most
of a run's time goes there.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import RLock
from time import time
from typing import Any, Final

from botocore import client, hooks, useragent
from moto import backend_index
from moto.core import base_backend, botocore_stubber, models, responses, serialize
from moto.sqs import models as sqs_models

ONE_CALL_AT_A_TIME: Final = RLock()
_OURS: Final = ("dynamodb", "sqs", "kms", "secretsmanager")


def install() -> None:
    """To be called once, before anything speaks to moto."""
    call_moto_in_turn()
    remember_names()
    remember_service_models()
    copy_handlers_faster()
    shorten_moto_routes()
    shorten_moto_answers()
    wait_for_no_message()
    tell_sqs_the_time_faster()


def call_moto_in_turn() -> None:
    """One call after the other: without that, DynamoDB's conditions race between threads."""
    stubber: Any = botocore_stubber.BotocoreStubber
    original = stubber.process_request

    def process_request(self: Any, request: Any) -> Any:
        with ONE_CALL_AT_A_TIME, untraced():
            return original(self, request)

    stubber.process_request = process_request


@contextmanager
def untraced() -> Iterator[None]:
    """Coverage has nothing to see in moto, and would make it twice as slow."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


def remember_names() -> None:
    """Names that follow from other names alone."""
    useragent.sanitize_user_agent_string_component = cache(
        useragent.sanitize_user_agent_string_component
    )
    aliaser: Any = hooks.EventAliaser
    # Every aliaser knows the same aliases, and remembers for itself what it found.
    aliaser._alias_event_name = staticmethod(aliaser(None)._alias_event_name)
    responses.camelcase_to_underscores = cache(responses.camelcase_to_underscores)
    responses.method_names_from_class = cache(responses.method_names_from_class)


def remember_service_models() -> None:
    """One model of each service, and one set of methods: a client only reads them."""
    creator: Any = client.ClientCreator
    models_of, methods_of = creator._load_service_model, creator._create_methods
    known_models: dict[Any, Any] = {}
    known_methods: dict[str, dict[str, Any]] = {}

    def load_service_model(self: Any, service_name: str, api_version: Any = None) -> Any:
        found = known_models.get((service_name, api_version))
        if found is None:
            found = models_of(self, service_name, api_version)
            known_models[service_name, api_version] = found
        return found

    def create_methods(self: Any, service_model: Any) -> dict[str, Any]:
        name = service_model.service_name
        if name not in known_methods:
            known_methods[name] = methods_of(self, service_model)
        return dict(known_methods[name])

    creator._load_service_model = load_service_model
    creator._create_methods = create_methods


def copy_handlers_faster() -> None:
    """Each client and session copies the tree of all services' event handlers."""

    def copied(_self: Any, node: dict[str, Any]) -> dict[str, Any]:
        copy: dict[str, Any] = {}
        for key, part in node.items():
            if isinstance(part, dict):
                copy[key] = copied(_self, part)
            elif isinstance(part, hooks.NodeList):
                copy[key] = hooks.NodeList(list(part.first), list(part.middle), list(part.last))
            else:
                copy[key] = part
        return copy

    tree: Any = hooks._PrefixTrie  # type: ignore[attr-defined]
    tree._recursive_copy = copied


def shorten_moto_answers() -> None:
    """An attribute of an item is looked for by its name, not by each name it might have had."""
    original = serialize.BaseJSONSerializer._serialize_type_structure

    def structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        members = shape.members
        if shape.name != "AttributeValue" or not key or not value.keys() <= members.keys():
            original(self, serialized, value, shape, key)
            return
        wrapper: Any = {}
        for name, part in value.items():
            if part is not None:
                self._serialize(wrapper, part, members[name], name)
        self._default_serialize(serialized, wrapper, shape, key)

    serialize.BaseJSONSerializer._serialize_type_structure = structure


def shorten_moto_routes() -> None:
    """moto looks through every service of AWS for each call, and makes its routes for it anew."""
    backend_index.backend_url_patterns.sort(key=lambda pattern: pattern[0] not in _OURS)
    backend: Any = base_backend.BaseBackend
    urls_of, known = backend.urls.fget, {}

    def urls(self: Any) -> Any:
        if type(self) not in known:
            known[type(self)] = urls_of(self)
        return known[type(self)]

    backend.urls = property(urls)
    models.RESPONSES_METHODS = []  # only botocore speaks to AWS here, `requests` never


def wait_for_no_message() -> None:
    """A long poll of an empty queue would wait, in vain: nothing else puts a message there."""
    backend: Any = sqs_models.SQSBackend
    receive = backend.receive_message

    def receive_message(self: Any, name: str, count: int, _wait: int, *more: Any) -> Any:
        return receive(self, name, count, 0, *more)

    backend.receive_message = receive_message


def tell_sqs_the_time_faster() -> None:
    """moto asks for it twice for each message in a queue, whenever anything happens to one."""
    models: Any = sqs_models
    models.unix_time_millis = lambda: time() * 1000.0
