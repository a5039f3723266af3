"""Tables and the key of customers' data: there, protected, and able to be restored."""

from typing import Any, Final

from ops.payoutctl.checks.findings import Findings
from ops.payoutctl.session import Session

# Each with the attribute by which rows end, and its indexes.
_TABLES: Final = {
    "transactions": "expires_at",
    "customers": None,
    "controls": "expires_at",
    "records": "expires_at",
}


def look(session: Session, found: Findings) -> None:
    for name, ends_by in _TABLES.items():
        with found.looking_at(f"Table {name}"):
            _table(session, found, name, ends_by)
    with found.looking_at("Key of customers' data"):
        _key(session, found)


def _table(session: Session, found: Findings, name: str, ends_by: str | None) -> None:
    dynamodb = session.client("dynamodb")
    table = f"monoova-payouts-{session.stage}-{name}"
    described = dynamodb.describe_table(TableName=table)["Table"]
    indexes = described.get("GlobalSecondaryIndexes", [])
    resting = [each["IndexName"] for each in indexes if each["IndexStatus"] != "ACTIVE"]
    is_active = described["TableStatus"] == "ACTIVE" and not resting
    words = f"{described['TableStatus']}, {len(indexes)} indexes"
    found.add(f"Table {name}", is_active, words, "Wait; if it stays so, ask AWS.")
    is_protected = session.connection.aws is not None or described.get("DeletionProtectionEnabled")
    found.add(f"Table {name}: deletion protection", bool(is_protected), "", "Deploy infra again.")
    with found.looking_at(f"Table {name}: point-in-time recovery"):
        backups = dynamodb.describe_continuous_backups(TableName=table)
        _recovery(found, name, backups["ContinuousBackupsDescription"])
    if ends_by:
        with found.looking_at(f"Table {name}: rows end by {ends_by}"):
            ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
            is_on = ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
            is_on = is_on and ttl.get("AttributeName") == ends_by
            found.add(f"Table {name}: rows end by {ends_by}", is_on, "", "Deploy infra again.")


def _recovery(found: Findings, name: str, described: Any) -> None:
    recovery = described.get("PointInTimeRecoveryDescription", {})
    found.add(
        f"Table {name}: point-in-time recovery",
        recovery.get("PointInTimeRecoveryStatus") == "ENABLED",
        "",
        "aws dynamodb update-continuous-backups; a deployment sets it, too.",
    )


def _key(session: Session, found: Findings) -> None:
    kms = session.client("kms")
    alias = f"alias/monoova-payouts-{session.stage}-customer-data"
    key = kms.describe_key(KeyId=alias)["KeyMetadata"]
    found.add(
        "Key of customers' data",
        key["KeyState"] == "Enabled",
        key["KeyState"],
        "Without it no details can be read: enable it, or cancel its deletion, at once.",
    )
    with found.looking_at("Key of customers' data: rotates"):
        rotates = kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
        found.add("Key of customers' data: rotates", rotates, "", "Deploy infra again.")
