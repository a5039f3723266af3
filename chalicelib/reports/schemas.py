"""What a request about days may look like."""

from typing import Any, Final

from chalicelib.web.schemas import Schema, ValidationError, day, validates_schema


class DayRangeSchema(Schema):
    """From which Sydney day to which, both included."""

    from_ = day(data_key="from", load_default=None)
    to = day(load_default=None)

    @validates_schema
    def _check_days(self, data: dict[str, Any], **_kwargs: Any) -> None:
        first, last = data["from_"], data["to"]
        if first and last and first > last:
            raise ValidationError("Is after to.", "from")


DAY_RANGE: Final = DayRangeSchema()
