"""Marks on the fields of a record, from which follows what an erasure takes and a copy carries.

A mark stands in the `metadata` of a dataclass field; two are joined by `|`. A text field of a
record that outlives its customer says whether it may name a person: a test finds one that does not.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# What is shown of a payee's detail, or left of it, in place of what is not.
MASK: Final = "•••"

# An erasure takes the field away, or leaves the mask there.
PERSONAL: Final = {"personal": True}
MASKED: Final = {"personal": True, "erased": MASK}
# Names of sums, one of which has the payee's account under a keyed fingerprint.
NAMES_OF_SUMS: Final = {"personal": True, "erased": ()}
NOT_PERSONAL: Final = {"personal": False}
# A payout that is made from the record, as a retry is, is requested with the same.
REQUESTED: Final = {"requested": None}


def requested_as(name: str) -> dict[str, object]:
    """`REQUESTED`, for a field that a payout request knows by another name."""
    return {"requested": name}


def erased(record: "type[DataclassInstance]") -> Mapping[str, Any]:
    """The fields that may name a person, each with what an erasure leaves there."""
    return {
        each.name: each.metadata.get("erased")
        for each in fields(record)
        if each.metadata.get("personal")
    }


def requested(record: "DataclassInstance") -> Mapping[str, Any]:
    """What the record has of a payout request, by the names of the request's fields."""
    return {
        each.metadata["requested"] or each.name: getattr(record, each.name)
        for each in fields(record)
        if "requested" in each.metadata
    }
