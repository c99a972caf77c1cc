"""An Ogmma that shows exactly the rows that a test gives it."""

import json
from typing import Any

from tests.support.in_process import InProcess
from workers.model import HttpResponse


class ShownRows(InProcess):
    """`rows` are shown at every poll, newest first; `records` keeps all that was committed, of all topics."""

    def __init__(self, **settings: Any) -> None:
        super().__init__("ogmma", conversations=1, account=settings)
        self.rows: list[Any] = []
        self.records: list[Any] = []
        #: Sent in the place of the rows' JSON where a test cares for each byte.
        self.body: bytes | None = None
        self.content_type = "application/json"
        self.topic.commit, self._commit = self.commit, self.topic.commit

    async def commit(self, key, cursor, records, size):
        self.records += records
        return await self._commit(key, cursor, records, size)

    async def fetch(self, feed, ref, turn):
        body = self.body or json.dumps({"data": self.rows, "meta": {"limit": ref.limit}}).encode()
        return HttpResponse(status=200, body=body, content_type=self.content_type)

    def row(self, row_id: object, **fields: Any) -> dict[str, Any]:
        """One row, of an hour before the first poll."""
        sent = {"createdAt": "2026-01-05T11:00:00.000Z", "direction": "INBOUND", "type": "TEXT", "content": "oi"}
        return {"id": row_id, **sent, **fields}
