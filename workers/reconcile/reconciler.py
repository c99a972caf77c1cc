"""What each of a set of rows comes to: an event, a dead letter, a row to remember, or nothing. Pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from workers.errors import RowUnreadable
from workers.model import BrokenRow, Normalised, Origin, RawRow, Status
from workers.providers.decoding import as_received
from workers.reconcile.cursor import Cursor, Newest
from workers.reconcile.known import Known, decode, encode, identity
from workers.reconcile.outcome import Change, Letter
from workers.reconcile.parts import differing, digests, rank_of, regresses, state_of, with_part
from workers.reconcile.rules import Rules
from workers.reconcile.standing import Standing, identity_of, remembered, standing_of
from workers.times import parse_iso

Normalise = Callable[[RawRow], Normalised]
#: Where rows stand, by identity, as far as that is known already.
Standings = Mapping[bytes, Standing]
NONE_JUDGED: Standings = MappingProxyType({})


class Reconciler:
    """Collects what a set of rows comes to, against one cursor. Used once: see `reconcile`."""

    def __init__(
        self,
        cursor: Cursor,
        normalise: Normalise,
        rules: Rules,
        now: int,
        *,
        history: bool,
        judged: Standings = NONE_JUDGED,
    ) -> None:
        self._cursor = cursor
        self._judged = judged
        self._normalise = normalise
        self._now = now
        self._history = history
        self._silent = rules.start == "now" and cursor.opening is not None
        self._stood = cursor.opening
        #: Rows of a first contact's history with a newer time (ms) than this stood behind older ones.
        self._stood_beyond: int | None = None
        if history and cursor.history is not None:
            self._stood = cursor.history.backfill
            self._stood_beyond = self._stood if self._stood == cursor.history.boundary else None
        #: Encoded rows to remember, and which of them the cursor knew before.
        self.rows: dict[bytes, bytes] = {}
        self._known: set[bytes] = set()
        self.changes: list[Change] = []
        self.letters: list[Letter] = []
        self.left_out: dict[str, int] = {}
        self.times: list[int] = []
        self.newest: Newest | None = cursor.newest

    def take(self, row: RawRow | BrokenRow) -> None:
        """One row, oldest first."""
        row_id = identity_of(row)
        standing = self._judged.get(row_id) or standing_of(row, self._cursor, row_id)
        if self._history and standing is Standing.PENDING:
            standing = Standing.NEW
        if standing is Standing.KNOWN or standing is Standing.PENDING:
            return
        if standing is Standing.BEFORE_FLOOR or standing is Standing.BEFORE_START:
            self.count(standing.value)
        elif standing is Standing.NEW and self._silent and self._stood_there(row):
            self._keep_silent(row, row_id)
        elif isinstance(row, BrokenRow):
            self._bury(row, row_id)
        elif standing is Standing.NEW:
            self._create(row, row_id)
        else:
            self._update(row, row_id)

    def count(self, reason: str) -> None:
        """One more row left out for this reason."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1

    def _stood_there(self, row: RawRow | BrokenRow) -> bool:
        """Whether the row was there at the first contact."""
        if self._stood is None or isinstance(row, BrokenRow):
            return self._stood is not None
        return row.time <= self._stood or (self._stood_beyond is not None and row.time > self._stood_beyond)

    def _keep_silent(self, row: RawRow | BrokenRow, row_id: bytes) -> None:
        """Remember a row that stood there before a start at `now`, and never publish it."""
        time = row.time if isinstance(row, RawRow) else self._now
        self._remember(row, Known(id=row_id, raw=row.digest, time=time, silent=True))

    def _bury(self, row: BrokenRow, row_id: bytes) -> None:
        self.letters.append(
            Letter(
                scope="row",
                reason=row.reason,
                detail=row.detail,
                digest=row.digest,
                payload=row.payload,
                row_id=row.row_id,
            )
        )
        known = Known(id=row_id, raw=row.digest, time=self._now, unreadable=True, stood=self._stood_there(row))
        self._remember(row, known)
        if known.stood and row.row_id is not None:
            self._expect(identity(row.row_id), known)

    def _expect(self, row_id: bytes, known: Known) -> None:
        """Remember by its own id what is known by its digest: when it is mended, it stood there all the same."""
        if row_id not in self.rows and self._cursor.find(row_id) is None:
            self.rows[row_id] = encode(msgspec.structs.replace(known, id=row_id))

    def _create(self, row: RawRow, row_id: bytes, before: Known | None = None) -> None:
        normalised = self._normalised(row, row_id, before)
        if normalised is None:
            return
        message = normalised.message
        parts = digests(message)
        self.times.append(row.time)
        known = Known(id=row_id, raw=row.digest, time=row.time, rank=rank_of(message.status.state), parts=parts)
        self._remember(row, known)
        self.changes.append(
            Change(
                kind="created",
                normalised=normalised,
                time=row.time,
                raw=row.raw,
                origin=self._origin(row, normalised, before),
                digest=b"".join(parts.values()),
            )
        )

    def _origin(self, row: RawRow, normalised: Normalised, before: Known | None) -> Origin:
        stood = self._stood_there(row) or (before is not None and before.stood)
        return "backfill" if normalised.imported or stood else "live"

    def _update(self, row: RawRow, row_id: bytes) -> None:
        encoded = remembered(row, self._cursor, row_id)
        if encoded is None:
            return
        before = decode(encoded)
        self._known.add(before.id)
        if before.silent:
            self._remember(row, msgspec.structs.replace(before, raw=row.digest))
        elif before.unreadable and not before.parts:
            self._create(row, row_id, before)
        elif (normalised := self._normalised(row, row_id, before)) is None:
            return
        elif before.id != row_id and before.parts["envelope"] != digests(normalised.message)["envelope"]:
            self._create(row, row_id)  # of another conversation: the one remembered is known by its id alone
        else:
            self._compare(row, before, normalised)

    def _compare(self, row: RawRow, before: Known, normalised: Normalised) -> None:
        message = normalised.message
        rank, parts = rank_of(message.status.state), digests(message)
        changed = differing(before.parts, parts)
        if "status" in changed and regresses(before.rank, message.status):
            self.count("status_regressed")
            changed = tuple(name for name in changed if name != "status")
            parts = with_part(parts, "status", before.parts.get("status"))
            # Of the step the provider's word alone is told: its time and error belong to a state that has passed.
            status = Status(state=state_of(before.rank), provider=message.status.provider)
            message = msgspec.structs.replace(message, status=status)
        after = msgspec.structs.replace(
            before,
            raw=row.digest,
            rank=max(rank, before.rank),
            parts=parts,
            unreadable=False,
            revision=before.revision + bool(changed),
        )
        self._remember(row, after)
        if changed:
            normalised = msgspec.structs.replace(normalised, message=message)
            self.changes.append(self._change(row, normalised, after, changed))

    def _change(self, row: RawRow, normalised: Normalised, after: Known, changed: tuple[str, ...]) -> Change:
        message = normalised.message
        status = msgspec.structs.replace(message.status, state=state_of(after.rank) or message.status.state)
        message = msgspec.structs.replace(message, revision=after.revision, status=status)
        return Change(
            kind="updated",
            normalised=msgspec.structs.replace(normalised, message=message),
            changed=changed,
            time=self._happened(normalised, changed),
            raw=row.raw,
            origin="backfill" if normalised.imported else "live",
            digest=b"".join(after.parts.values()),
        )

    def _happened(self, normalised: Normalised, changed: tuple[str, ...]) -> int:
        """When a change happened (ms), as the provider tells it; else now. Nothing has happened later than now."""
        message = normalised.message
        told = [message.status.at] if "status" in changed or normalised.touched else []
        if "reactions" in changed:
            told += [reaction.at for reaction in message.reactions]
        return min(max((parse_iso(at) for at in told if at), default=self._now), self._now)

    def _normalised(self, row: RawRow, row_id: bytes, before: Known | None = None) -> Normalised | None:
        """The row's message; where it makes no sense, a dead letter instead and the row remembered as told."""
        try:
            return self._normalise(row)
        except RowUnreadable as error:
            self.letters.append(
                Letter(
                    scope="row",
                    reason=error.reason,
                    detail=str(error),
                    digest=row.digest,
                    row_id=row.id,
                    payload=as_received(row.raw),
                )
            )
        known = before or Known(id=row_id, raw=row.digest, time=row.time, stood=self._stood_there(row))
        self._remember(row, msgspec.structs.replace(known, raw=row.digest, unreadable=True))
        return None

    def _remember(self, row: RawRow | BrokenRow, known: Known) -> None:
        self.rows[known.id] = encode(known)
        if isinstance(row, RawRow) and (self.newest is None or row.time >= self.newest.time):
            self.newest = Newest(id=row.id, time=row.time)

    def split(self) -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
        """The encoded rows to remember: those that the cursor knew before, and those that are new to it."""
        if not self._known:
            return {}, self.rows
        changed = {row_id: row for row_id, row in self.rows.items() if row_id in self._known}
        return changed, {row_id: row for row_id, row in self.rows.items() if row_id not in changed}
