"""Alarms: all of infra/watch.yaml exist, notify, and are OK."""

import re
from pathlib import Path
from typing import Any, Final

from payoutctl.checks.findings import Findings
from payoutctl.session import Session

_TEMPLATE: Final = Path(__file__).resolve().parents[2] / "infra" / "watch.yaml"
_NAME: Final = re.compile(r"AlarmName: !Sub monoova-payouts-\$\{Stage\}-(\S+)")


def names() -> list[str]:
    """Of every alarm of the template, without the stage."""
    return _NAME.findall(_TEMPLATE.read_text(encoding="utf-8"))


def look(session: Session, found: Findings) -> None:
    with found.looking_at("Alarms"):
        prefix = f"monoova-payouts-{session.stage}-"
        alarms = {
            str(alarm["AlarmName"]).removeprefix(prefix): alarm
            for alarm in _described(session, prefix)
        }
        if session.connection.aws and not alarms:
            found.not_seen("Alarms", "the emulated AWS has none")
            return
        for name in names():
            _alarm(found, name, alarms.get(name))


def _described(session: Session, prefix: str) -> list[Any]:
    pages = session.client("cloudwatch").get_paginator("describe_alarms")
    return [
        alarm
        for page in pages.paginate(AlarmNamePrefix=prefix)
        for alarm in page.get("MetricAlarms", [])
    ]


def _alarm(found: Findings, name: str, alarm: Any) -> None:
    check = f"Alarm {name}"
    if alarm is None:
        found.add(check, False, "missing", "Deploy the stage's watch stack.")
        return
    state = alarm["StateValue"]
    if not alarm.get("ActionsEnabled", True) or not alarm.get("AlarmActions"):
        found.add(check, False, "sends no notification", "Deploy the stage's watch stack.")
    elif state == "INSUFFICIENT_DATA":
        found.not_seen(check, "no data yet")
    else:
        section = name.replace("-", " ").capitalize()
        found.add(check, state == "OK", state, f"See the runbook, {section}.")
