"""What a request about a batch may look like."""

from typing import Any, Final

from chalicelib.batches.rules.batch import MOST_ROWS, CountsRead
from chalicelib.web.schemas import Amount, Count, Length, Range, Schema, fields, line, post_load

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


class ApproveSchema(Schema):
    """The counts of the summary that its approver has read; each that is given has to be right."""

    may_be_left_out = True

    unapproved = Count(load_default=None, validate=Range(min=0, max=MOST_ROWS))
    duplicates = Count(load_default=None, validate=Range(min=0, max=MOST_ROWS))
    shared_accounts = Count(load_default=None, validate=Range(min=0, max=MOST_ROWS))

    @post_load
    def _made(self, data: dict[str, Any], **_kwargs: Any) -> CountsRead:
        return CountsRead(**data)


class PartSchema(Schema):
    """Where the next page of a list begins, where the page size is fixed."""

    cursor = fields.String(load_default=None, validate=Length(min=1, max=1024))


FILE: Final = FileSchema()
CONFIRM: Final = ConfirmSchema()
APPROVE: Final = ApproveSchema()
PART: Final = PartSchema()
