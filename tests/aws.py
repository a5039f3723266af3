"""An AWS in this process: moto, with the tables that infra/template.yaml describes."""

from copy import copy, deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Final

from botocore.hooks import HierarchicalEmitter
from botocore.loaders import Loader
from botocore.session import Session
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.kms import models as moto_kms

from tools.deploy import short_forms

REGION: Final = "ap-southeast-2"
TEMPLATE: Final = Path(__file__).parent.parent / "infra" / "template.yaml"
TABLES: Final = {
    "DYNAMODB_TABLE_TRANSACTIONS": "TransactionsTable",
    "DYNAMODB_TABLE_CUSTOMERS": "CustomersTable",
    "DYNAMODB_TABLE_CONTROLS": "ControlsTable",
    "DYNAMODB_TABLE_RECORDS": "RecordsTable",
}


def share_motos_rsa_key() -> None:
    """One for the whole run: moto makes one even for a symmetric key, and never uses it."""
    moto_kms.generate_private_key = cache(moto_kms.generate_private_key)


@cache
def template() -> dict[str, Any]:
    """The infrastructure's template."""
    return short_forms.loaded(TEMPLATE.read_text())


# With botocore's own data folder and handlers of events, as a session makes them of its own accord.
_LOADER: Final = Loader()
_HOOKS: Final = HierarchicalEmitter()
Session(event_hooks=_HOOKS)
_SHAPE: Final = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")


def new_session() -> Session:
    """A session of botocore that need not read its models again: they are most of a client."""
    session = Session(event_hooks=copy(_HOOKS), include_builtin_handlers=False)
    session.register_component("data_loader", _LOADER)
    return session


@cache
def client(service: str) -> Any:
    """A client to look at AWS and to act on it beside the app; one for the whole run."""
    return new_session().create_client(service, region_name=REGION)


def create(session: Session) -> dict[str, str]:
    """Creates what the app needs and answers with its environment."""
    _create_tables(session)
    return {
        **TABLES,
        "PAYOUT_QUEUE_URL": client("sqs").create_queue(QueueName="payouts")["QueueUrl"],
        "DLQ_URL": client("sqs").create_queue(QueueName="webhooks")["QueueUrl"],
        "PARKED_QUEUE_URL": client("sqs").create_queue(QueueName="parked")["QueueUrl"],
        "CUSTOMER_DATA_KEY_ARN": client("kms").create_key()["KeyMetadata"]["Arn"],
    }


# The tables as they are when just made.
_EMPTY: Final[dict[str, Any]] = {}


def _create_tables(session: Session) -> None:
    """Through the API the first time; after that, copies: making them took half of a test."""
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables
    assert not tables, "this AWS has its tables already"
    if not _EMPTY:
        dynamodb: Any = session.create_client("dynamodb", region_name=REGION)
        resources = template()["Resources"]
        for name in TABLES.values():
            properties = resources[name]["Properties"]
            shape = {key: properties[key] for key in _SHAPE if key in properties}
            dynamodb.create_table(TableName=name, **shape)
        _EMPTY.update(tables)
    tables.update(deepcopy(_EMPTY))
