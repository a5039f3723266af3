"""What a request about a batch may look like."""

from typing import Final

from chalicelib.batches.rules.batch import MOST_ROWS
from chalicelib.web.schemas import Amount, Count, Length, Range, Schema, fields, line

MOST_TITLE: Final = 80


class FileSchema(Schema):
    """A file with what is said of it beside its rows."""

    file = fields.String(required=True, validate=Length(min=1))
    title = line(MOST_TITLE, load_default=None)
    repeat = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class ConfirmSchema(Schema):
    """What the batch comes to, by whoever has read its summary."""

    total = Amount(required=True)
    accept_duplicates = Count(load_default=None, validate=Range(min=1, max=MOST_ROWS))


class PartSchema(Schema):
    """Where the next page of a list begins, where the page size is fixed."""

    cursor = fields.String(load_default=None, validate=Length(min=1, max=1024))


FILE: Final = FileSchema()
CONFIRM: Final = ConfirmSchema()
PART: Final = PartSchema()
