"""What a request about dead letters may look like."""

from typing import Final

from chalicelib.web.schemas import Range, Schema, Whole


class DeadLetterListSchema(Schema):
    """How many messages to look through; 0 counts them and takes none out of its queue."""

    limit = Whole(load_default=200, validate=Range(min=0, max=200))


DEAD_LETTERS: Final = DeadLetterListSchema()
