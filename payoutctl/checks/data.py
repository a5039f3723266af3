"""Tables and the customer-data key: they exist, are protected, and can be restored."""

from typing import Any, Final

from payoutctl.checks.findings import Findings
from payoutctl.session import Session

# Each with the attribute by which rows end, and its indexes.
_TABLES: Final = {
    "transactions": "expires_at",
    "customers": None,
    "controls": "expires_at",
    "records": "expires_at",
}


_AGAIN: Final = "Deploy the infrastructure again."


def look(session: Session, found: Findings) -> None:
    for name, ends_by in _TABLES.items():
        with found.looking_at(f"Table {name}"):
            _table(session, found, name, ends_by)
    with found.looking_at("Customer-data key"):
        _key(session, found)


def _table(session: Session, found: Findings, name: str, ends_by: str | None) -> None:
    dynamodb = session.client("dynamodb")
    table = f"monoova-payouts-{session.stage}-{name}"
    described = dynamodb.describe_table(TableName=table)["Table"]
    indexes = described.get("GlobalSecondaryIndexes", [])
    states = {described["TableStatus"], *(each.get("IndexStatus", "ACTIVE") for each in indexes)}
    words = f"{described['TableStatus']}, {len(indexes)} indexes"
    found.add(f"Table {name}", states == {"ACTIVE"}, words, "Wait; if it stays so, contact AWS.")
    is_emulated = session.connection.aws is not None

    def setting(what: str, is_on: bool) -> None:
        found.add_of_aws(f"Table {name}: {what}", is_on, _AGAIN, is_emulated=is_emulated)

    setting("deletion protection", bool(described.get("DeletionProtectionEnabled")))
    with found.looking_at(f"Table {name}: point-in-time recovery"):
        backups: Any = dynamodb.describe_continuous_backups(TableName=table)
        recovery = backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        status = recovery.get("PointInTimeRecoveryStatus")
        setting("point-in-time recovery", status == "ENABLED")
    if ends_by:
        with found.looking_at(f"Table {name}: items expire by {ends_by}"):
            ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
            is_on = ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
            setting(f"items expire by {ends_by}", is_on and ttl.get("AttributeName") == ends_by)


def _key(session: Session, found: Findings) -> None:
    kms = session.client("kms")
    alias = f"alias/monoova-payouts-{session.stage}-customer-data"
    key = kms.describe_key(KeyId=alias)["KeyMetadata"]
    found.add(
        "Customer-data key",
        key["KeyState"] == "Enabled",
        key["KeyState"],
        "Without it no payee details can be read: enable it, or cancel its deletion, at once.",
    )
    with found.looking_at("Customer-data key: rotates"):
        rotates = kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
        found.add("Customer-data key: rotates", rotates, "", _AGAIN)
