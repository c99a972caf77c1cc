"""What an outcome becomes: message, conversation, gap and dead-letter events, each within the size limit, redacted."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import msgspec
import orjson

from workers.events import identity
from workers.events.cloudevent import CloudEvent, KafkaEvent, Topic, kafka_event
from workers.events.letters import PAYLOAD_LIMIT, clean_payload, letter_data, oversized, size_of, too_large
from workers.events.payload import (
    NOT_ANSWERED,
    Bound,
    ConversationEvent,
    GapBounds,
    GapEvent,
    Http,
    MessageEvent,
    RawMessageEvent,
    encode,
)
from workers.events.redacts import Redacts
from workers.events.source import Source
from workers.reconcile.cursor import Newest
from workers.reconcile.outcome import Change, ConversationChange, Gap, Letter, Outcome
from workers.times import iso, parse_iso

SCHEMA = "urn:afluente:schema:{}:v1"
_MESSAGE_SCHEMA, _GAP_SCHEMA, _LETTER_SCHEMA = (SCHEMA.format(name) for name in ("message", "gap", "dead-letter"))
_CONVERSATION_SCHEMA = SCHEMA.format("conversation")


class EventEncoder:
    """Encodes the outcomes of one feed. `answered`: the response that their rows came in."""

    def __init__(self, source: Source, redactor: Redacts, answered: Http = NOT_ANSWERED) -> None:
        self._source = source
        self._redactor = redactor
        self._uri = f"/afluente/{source.provider}/{source.account}"
        self._answered = answered
        #: Of the last outcome: what was too large for a record, by the id of its message. Its letter takes its place.
        self.too_large: dict[str, str] = {}
        #: By conversation: the digest begun with what the ids of all its events share.
        self._begun: dict[str, blake2b] = {}

    def events(self, outcome: Outcome, now: int) -> tuple[KafkaEvent, ...]:
        """The events of an outcome: gaps first (they lie before what follows), all else ascending, then dead letters.

        `now` is epoch ms: the time of observation.
        """
        self.too_large = {}
        return tuple(self._all(outcome, now))

    def redacted(self, text: str) -> str:
        """A text of the feed's that is stored beside its events, without secrets."""
        return self._redactor.redact(text) if self._redactor.may_contain(text.encode()) else text

    def _all(self, outcome: Outcome, now: int) -> Iterator[KafkaEvent]:
        observed_at = iso(now)
        for gap in outcome.gaps:
            yield self._gap(gap, observed_at)
        told, changes = outcome.conversation, outcome.changes
        if told is None:
            yield from self._messages(changes, observed_at)
        else:
            at = now if told.state.updated_at is None else parse_iso(told.state.updated_at)
            yield from self._messages([change for change in changes if change.time <= at], observed_at)
            yield self._conversation(told, observed_at)
            yield from self._messages([change for change in changes if change.time > at], observed_at)
        for letter in outcome.letters:
            yield self._letter(letter, observed_at)

    def _messages(self, changes: Sequence[Change], observed_at: str) -> Iterator[KafkaEvent]:
        texts = [encode(self._message_data(change, observed_at)) for change in changes]
        # One search through all of them: to begin one costs more than to go through a text.
        suspect = self._redactor.may_contain(b"\n".join(texts))
        for change, text in zip(changes, texts, strict=True):
            yield self._message(change, text, observed_at, suspect=suspect)

    def _message_data(self, change: Change, observed_at: str) -> MessageEvent:
        source = self._source
        data = MessageEvent(
            provider=source.provider,
            account=source.account,
            conversation=change.normalised.conversation,
            message=change.normalised.message,
            changed=change.changed,
            origin=change.origin,
            observed_at=observed_at,
        )
        return RawMessageEvent(**msgspec.structs.asdict(data), raw=change.raw) if source.include_raw else data

    def _message(self, change: Change, data: bytes, observed_at: str, *, suspect: bool) -> KafkaEvent:
        message, conversation = change.normalised.message, change.normalised.conversation
        event = CloudEvent(
            id=self._message_id(change, conversation.id),
            source=self._uri,
            type=f"afluente.message.{change.kind}",
            subject=message.id,
            time=iso(change.time),
            dataschema=_MESSAGE_SCHEMA,
            key=conversation.id,
            data=data,
        )
        record = self._record(event, "messages", change.kind, suspect=suspect)
        if record.size <= self._source.max_bytes:
            return record
        self.too_large[message.id] = size_of(change, record.size)
        return self._letter(too_large(change, record.size), observed_at)

    def _message_id(self, change: Change, conversation: str) -> str:
        begun = self._begun.get(conversation)
        if begun is None:
            source = self._source
            begun = self._begun[conversation] = identity.begun(source.provider, source.account, conversation)
        message, digest = change.normalised.message, begun.copy()
        state = change.digest.hex() if change.kind == "updated" else ""
        digest.update(identity.framed(message.id) + identity.framed_state(change.kind, message.revision, state))
        return digest.hexdigest()

    def _conversation(self, change: ConversationChange, observed_at: str) -> KafkaEvent:
        source, state = self._source, change.state
        data = ConversationEvent(
            provider=source.provider,
            account=source.account,
            conversation=state,
            changed=change.changed,
            observed_at=observed_at,
        )
        parts = (source.provider, source.account, state.id, "conversation", str(change.revision), change.digest.hex())
        event = CloudEvent(
            id=identity.digest(*parts),
            source=self._uri,
            type="afluente.conversation.updated",
            subject=state.id,
            time=state.updated_at or observed_at,
            dataschema=_CONVERSATION_SCHEMA,
            key=state.id,
            data=encode(data),
        )
        record = self._record(event, "messages", "conversation")
        if record.size <= source.max_bytes:
            return record
        detail = f"conversation event of {record.size} bytes, revision {change.revision}"
        return self._letter(oversized(state.id, detail, change.digest, encode(state).decode()), observed_at)

    def _gap(self, gap: Gap, observed_at: str) -> KafkaEvent:
        """A gap, of the time at which it ends: so it stands in order before what is shown behind it."""
        source, end = self._source, gap.before or gap.after
        after, before = (self._bound(one) for one in (gap.after, gap.before))
        bounds = GapBounds(reason=gap.reason, after=after, before=before, at_least=gap.at_least)
        data = GapEvent(
            provider=source.provider,
            account=source.account,
            feed={"key": source.feed.key, **source.feed.values},
            conversation=source.conversation,
            gap=bounds,
            observed_at=observed_at,
        )
        event = CloudEvent(
            id=identity.digest(source.provider, source.account, source.feed.key, "gap", encode(bounds).decode()),
            source=self._uri,
            type="afluente.feed.gap",
            subject=source.feed.key,
            time=observed_at if end is None else iso(end.time),
            dataschema=_GAP_SCHEMA,
            key=source.conversation.id if source.conversation else source.feed.key,
            data=encode(data),
        )
        return self._record(event, "messages", "gap")

    def _bound(self, newest: Newest | None) -> Bound:
        """Clean before it becomes a part of the gap's id, which is the same for a worker that was restarted."""
        if newest is None:
            return Bound()
        return Bound(id=self._redactor.redact(newest.name) or None, sent_at=iso(newest.time))

    def _letter(self, letter: Letter, observed_at: str) -> KafkaEvent:
        payload = clean_payload(letter, self._redactor)
        limit = PAYLOAD_LIMIT
        while True:
            shown = payload[:limit].decode(errors="ignore")  # the cut may go through a character
            record = self._letter_of(letter, shown, observed_at, truncated=len(payload) > limit or not letter.whole)
            if record.size <= self._source.max_bytes or limit == 0:
                return record
            # JSON escapes may make six bytes of one: what is too long is halved until it fits.
            limit = min(limit, len(payload)) // 2

    def _letter_of(self, letter: Letter, payload: str, observed_at: str, *, truncated: bool) -> KafkaEvent:
        source = self._source
        http = Http(status=letter.status, content_type=letter.content_type) if letter.scope == "page" else None
        data = letter_data(
            letter,
            payload,
            source,
            self._redactor,
            http=http or self._answered,
            truncated=truncated,
            observed_at=observed_at,
        )
        event = CloudEvent(
            id=identity.digest(source.account, source.feed.key, letter.scope, letter.digest.hex()),
            source=self._uri,
            type="afluente.dead-letter",
            subject=source.feed.key,
            time=observed_at,
            dataschema=_LETTER_SCHEMA,
            key=source.feed.key,
            data=encode(data),
        )
        return self._record(event, "dead_letters", "dead_letter")

    def _record(self, event: CloudEvent, topic: Topic, kind: str, *, suspect: bool = True) -> KafkaEvent:
        clean = self._clean(event) if suspect else event
        return kafka_event(clean, topic=topic, kind=kind, mode=self._source.mode)

    def _clean(self, event: CloudEvent) -> CloudEvent:
        """The event without secrets; almost always the event itself. Its subject and key stand in its data too."""
        redactor = self._redactor
        if not redactor.may_contain(event.data):
            return event
        data = encode(redactor.redact_value(orjson.loads(event.data)))
        return msgspec.structs.replace(
            event, data=data, subject=redactor.redact(event.subject), key=redactor.redact(event.key)
        )
