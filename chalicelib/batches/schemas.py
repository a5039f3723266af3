"""What a request about a batch may look like."""

from typing import Final

from chalicelib.web.schemas import Amount, Length, Schema, fields


class ConfirmSchema(Schema):
    """What the batch comes to, by whoever has read its summary."""

    total = Amount(required=True)


class PartSchema(Schema):
    """Where the next page of a list begins, where the page size is fixed."""

    cursor = fields.String(load_default=None, validate=Length(min=1, max=1024))


CONFIRM: Final = ConfirmSchema()
PART: Final = PartSchema()
