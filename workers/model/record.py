"""What every record is."""

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of all records: immutable, keyword-only, cheap to make and to encode."""
