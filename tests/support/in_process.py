"""A simulated provider read by the real polls, without socket and broker, judged as a whole run is."""

from unittest.mock import patch
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.support.model_worker import ENDLESS
from workers import poll
from workers.demo.judge import judge
from workers.demo.reading import seen_of
from workers.errors import PollFailed
from workers.events.encoding import EventEncoder
from workers.events.source import source_of
from workers.metrics import Metrics
from workers.model import HttpResponse
from workers.poll import FeedPoll
from workers.poll_counts import PollCounts
from workers.poll_means import PollMeans, rules_of
from workers.providers import PROVIDERS, adapter
from workers.reconcile.cursor_records import Restored
from workers.redaction import Redactor
from workers.settings.kafka import TopicNames
from workers.simulator.exchange import Exchange, Moment
from workers.simulator.ledger import Ledger
from workers.simulator.rooms.base import Call
from workers.simulator.settings import SimulationSettings
from workers.simulator.switches import Setting
from workers.simulator.world import World

#: 2026-01-05T12:00:00Z: when a run begins (epoch ms).
START = 1_767_614_400_000
HOST = "https://simulated.example"


class Topic:
    """What a shard commits: cursors by feed, and events as a consumer sees them."""

    number = 0

    def __init__(self) -> None:
        self.cursors, self.log, self.seen, self.offset = {}, {}, [], 0
        self.now = START

    def cursor(self, key):
        return self.cursors.get(key)

    def keep(self, key, cursor):
        self.cursors[key] = cursor

    async def commit(self, key, cursor, records, size):
        self.cursors[key] = cursor
        for record in records:
            if record.topic.endswith(".cursors"):
                self.log[record.key] = record.value
            else:
                self._hear(record)
        self.offset += 1  # the marker of the transaction
        return self.now / 1000

    def restart(self):
        """What is in memory is lost; what was committed is read again."""
        restored = Restored()
        for key, value in self.log.items():
            restored.apply(key, value)
        self.cursors = dict(restored.cursors())

    def _hear(self, record):
        class Consumed:
            key, value, topic, headers = record.key, record.value, record.topic, record.headers
            partition, offset, timestamp = 0, self.offset, self.now

        self.seen.append(seen_of(Consumed))
        self.offset += 1


class InProcess:
    """The first account of a provider, its feeds, and polls of them at simulated times."""

    def __init__(self, provider, *switches, account=None, **settings):
        given = {"seed": 7, "conversations": 2, "history": 30, "rate": 0.0, "late_share": 0.0, **settings}
        self.settings = SimulationSettings(providers=(provider,), start_ms=START, switches=switches, **given)
        self.board = self.settings.board()
        self.world = World(self.settings, START)
        self.ledger = Ledger(self.settings.retain)
        self.exchange = Exchange(self.settings, self.world, self.board, self.ledger)
        self.room = self.exchange.rooms[provider]
        self.account = self.room.accounts[0]
        self.topic, self.now, self.requests = Topic(), START, []
        #: What the cursors topic takes.
        self.cursor_bytes = 1_048_588
        self.metrics = Metrics()
        own = {"name": self.account.name, "provider": provider, "api_key": self.account.api_key}
        place = {"base_url": HOST + self.room.prefix, **self.room.account_settings(self.account)}
        self.adapter_settings = PROVIDERS[provider](**{**own, **place, **(account or {})})
        self.adapter = adapter(self.adapter_settings)
        self.feeds = [self.adapter.feed(values) for values in self.room.feeds(self.account)]

    @property
    def seen(self):
        return self.topic.seen

    def turn(self, name, value):
        self.board.set([Setting(None, name, value)])

    def pass_time(self, seconds):
        self.now += int(seconds * 1000)
        self.topic.now = self.now
        self.world.advance(self.now)

    def restart(self):
        """A new worker: another adapter, and cursors from their records."""
        self.adapter = adapter(self.adapter_settings)
        self.topic.restart()

    async def poll(self, *, failing=False):
        """Poll every feed once. `failing`: a poll may fail."""
        for feed in self.feeds:
            means = PollMeans(
                adapter=self.adapter,
                rules=rules_of(self.adapter),
                make_encoder=self._encoder,
                counts=PollCounts(self.metrics, self.adapter.provider, feed.account),
                topics=TopicNames(),
                shards=1,
                cursor_bytes=self.cursor_bytes,
            )
            one = FeedPoll(feed, self.topic, self, means)
            with patch.object(poll, "_now_ms", lambda: self.now):
                try:
                    polled = await one.live()
                    while polled.history:
                        polled = await one.history()
                except PollFailed:
                    if not failing:
                        raise

    def imprint(self, key, times):
        """There is no schedule."""

    def verdict(self):
        return judge([entry.content() for entry in self.ledger.entries()], self.seen)

    def told(self, kind):
        """The data of events of this type, in their order."""
        return [seen.data for seen in self.seen if seen.attributes["type"] == f"afluente.{kind}"]

    def never_shown(self):
        return self.ledger.never_shown(self.account)

    def _encoder(self, feed, answered):
        redactor = Redactor(self.adapter.account.secrets())
        return EventEncoder(source_of(self.adapter, feed, "binary", 900_000), redactor, answered)

    async def fetch(self, feed, ref, turn):
        request = self.adapter.request(feed, ref)
        self.requests.append(request.url)
        assert len(self.requests) < 100 * ENDLESS, "a poll without an end"
        url = urlsplit(request.url)
        path = tuple(unquote(part) for part in url.path.removeprefix(self.room.prefix + "/").split("/"))
        call = Call(request.method, path, dict(parse_qsl(url.query)), dict(request.headers), request.body or b"")
        outgoing = self.exchange.meet(self.room, call, Moment(self.now, self.now / 1000, self.now / 1000))
        self.exchange.delivered(outgoing, self.now / 1000)
        return HttpResponse(
            status=outgoing.answer.status, body=outgoing.answer.body, content_type=outgoing.answer.content_type
        )
