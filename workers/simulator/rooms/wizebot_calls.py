"""What a call to WizeBot asks for: parameters of its query, of a form or of a JSON object. Pure."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import orjson

from workers.simulator.rooms.base import Call


def asked_in(call: Call) -> Mapping[str, str]:
    """The parameters, as texts."""
    try:
        body = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        body = dict(parse_qsl(call.body.decode("utf-8", "replace")))
    given = {name: str(value) for name, value in body.items()} if isinstance(body, dict) else {}
    return {**call.query, **given}


def slice_of(asked: Mapping[str, str], reading: str, cap: int | None) -> tuple[int, int | None]:
    """The rows to skip and to show, in this reading of `offset`; None for a call that lacks something."""
    limit, offset = _whole(asked.get("limit")), _whole(asked.get("offset", "0" if reading == "rows" else "1"))
    if not limit or offset is None or (offset == 0 and reading == "page"):
        return 0, None
    count = limit if cap is None else min(limit, cap)
    return (offset if reading == "rows" else max(0, offset - 1) * count), count


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
