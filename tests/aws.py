"""An AWS in this process: moto, with the tables that infra/template.yaml describes."""

import threading
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from botocore.loaders import Loader
from botocore.session import Session
from moto.dynamodb import responses as moto_dynamodb
from moto.kms import models as moto_kms

REGION: Final = "ap-southeast-2"
TEMPLATE: Final = Path(__file__).parent.parent / "infra" / "template.yaml"
TABLES: Final = {
    "DYNAMODB_TABLE_TRANSACTIONS": "TransactionsTable",
    "DYNAMODB_TABLE_CUSTOMERS": "CustomersTable",
    "DYNAMODB_TABLE_CONTROLS": "ControlsTable",
}


def serialise_moto() -> None:
    """Gives moto's DynamoDB the lock it lacks: without it, conditions race between threads."""
    lock, original = threading.RLock(), moto_dynamodb.DynamoHandler.call_action

    def call_action(self: Any) -> Any:
        with lock:
            return original(self)

    moto_dynamodb.DynamoHandler.call_action = call_action


def share_motos_rsa_key() -> None:
    """One for the whole run: moto makes one even for a symmetric key, and never uses it."""
    moto_kms.generate_private_key = cache(moto_kms.generate_private_key)


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as their bare values: only table shapes matter here."""


def _bare(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _bare)


@cache
def template() -> dict[str, Any]:
    """The infrastructure's template."""
    document: dict[str, Any] = yaml.load(TEMPLATE.read_text(), _Loader)  # noqa: S506 - safe
    return document


# With botocore's own data folder, as a session makes it by itself.
_LOADER: Final = Loader()
_SHAPE: Final = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")


def new_session() -> Session:
    """A session of botocore that need not read its models again: they are most of a client."""
    session = Session()
    session.register_component("data_loader", _LOADER)
    return session


def create(session: Session) -> dict[str, str]:
    """Creates what the app needs and answers with its environment."""
    dynamodb: Any = session.create_client("dynamodb", region_name=REGION)
    resources = template()["Resources"]
    for name in TABLES.values():
        properties = resources[name]["Properties"]
        shape = {key: properties[key] for key in _SHAPE if key in properties}
        dynamodb.create_table(TableName=name, **shape)
    sqs: Any = session.create_client("sqs", region_name=REGION)
    kms: Any = session.create_client("kms", region_name=REGION)
    return {
        **TABLES,
        "PAYOUT_QUEUE_URL": sqs.create_queue(QueueName="payouts")["QueueUrl"],
        "DLQ_URL": sqs.create_queue(QueueName="webhooks")["QueueUrl"],
        "CUSTOMER_DATA_KEY_ARN": kms.create_key()["KeyMetadata"]["Arn"],
    }
