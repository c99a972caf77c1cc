"""How a worker is put together from its settings: every room is made here, with what it needs from the others."""

import os
import socket
from collections.abc import Iterator, Mapping

from workers.account.poller import AccountPoller, MakePoll
from workers.discovery import discovers
from workers.errors import ConfigurationError, CursorTooLarge, ParkFeed, ProviderFailed, RateLimited, Refused
from workers.events.encoding import EventEncoder
from workers.events.payload import Http
from workers.events.source import source_of
from workers.feeds import REJECTIONS
from workers.finder import FeedFinder
from workers.holdings import Holdings
from workers.metrics import Metrics
from workers.model import Feed
from workers.poll import FeedPoll
from workers.poll_counts import PollCounts
from workers.poll_means import Account, PollMeans, rules_of
from workers.polling import unreachable
from workers.polling.fetch import Fetcher
from workers.providers import adapter
from workers.providers.base import Adapter
from workers.providers.reasons import PAGE_REASONS, ROW_REASONS
from workers.reconcile.rules import Rules
from workers.redaction import Redactor
from workers.settings.settings import Settings
from workers.shard import Shard
from workers.stream import failure
from workers.worker import Worker
from workers.worker_report import WORKER_STATES

#: Every value of `reason` in `afluente_poll_failures_total` and `afluente_background_failures_total`.
POLL_FAILURES = (
    *(error.reason for error in (RateLimited, Refused, ParkFeed, ProviderFailed, CursorTooLarge)),
    "unreadable",
    "internal",
    *unreachable.REASONS,
)


def worker_id(settings: Settings) -> str:
    """The name under which a worker gets its shards back after a restart: `AFLUENTE_WORKER_ID`, else host and port."""
    return os.environ.get("AFLUENTE_WORKER_ID") or f"{socket.gethostname()}:{settings.service.address[1]}"


def known_metrics(settings: Settings) -> Metrics:
    """The metrics of a process, every known series at 0."""
    metrics = Metrics()
    metrics.known_reasons(failure.REASONS, REJECTIONS, WORKER_STATES)
    for name, account in settings.accounts.items():
        metrics.known_account(account.provider, name, (*ROW_REASONS, *PAGE_REASONS), POLL_FAILURES)
    return metrics


class Wiring:
    """Makes what a worker is made of. `limits`: `max.message.bytes` of each topic that is published to."""

    def __init__(self, settings: Settings, limits: Mapping[str, int], metrics: Metrics, fetcher: Fetcher) -> None:
        self._settings, self._limits, self._metrics, self._fetcher = settings, limits, metrics, fetcher
        self._redactors = {name: Redactor(account.secrets()) for name, account in settings.accounts.items()}
        self._rules: dict[str, Rules] = {}
        self._mode = settings.output.content_mode
        topics = settings.topics
        published = (limits[name] for name in (topics.messages, topics.dead_letters) if name in limits)
        self._largest = min([settings.output.max_event_bytes, *published])

    def worker(self) -> Worker:
        """The worker, ready to run."""
        pollers = {poller.name: poller for poller in self._pollers()}
        finders = [self._finder(poller) for poller in pollers.values() if poller.adapter.account.discover]
        return Worker(
            self._settings,
            pollers=pollers,
            finders=finders,
            make_shard=self._shard,
            metrics=self._metrics,
            worker_id=worker_id(self._settings),
        )

    def _pollers(self) -> Iterator[AccountPoller]:
        for account in self._settings.accounts.values():
            mine = adapter(account)
            self._rules[account.name] = rules_of(mine)
            yield AccountPoller(mine, self._fetcher, self._metrics, self._poll_maker(mine))

    def _finder(self, poller: AccountPoller) -> FeedFinder:
        found = poller.adapter
        if not discovers(found):
            raise ConfigurationError(
                [f"accounts.{poller.name}.discover: {found.provider} offers no list to discover from"]
            )
        settings = self._settings
        return FeedFinder(found, self._fetcher, poller, settings.kafka, settings.topics)

    def _poll_maker(self, mine: Adapter) -> MakePoll:
        def make_encoder(feed: Feed, answered: Http) -> EventEncoder:
            source = source_of(mine, feed, self._mode, self._largest)
            return EventEncoder(source, self._redactors[feed.account], answered)

        means = PollMeans(
            adapter=mine,
            rules=self._rules[mine.account.name],
            make_encoder=make_encoder,
            counts=PollCounts(self._metrics, mine.provider, mine.account.name),
            topics=self._settings.topics,
            shards=self._settings.kafka.shards,
            cursor_bytes=self._limits[self._settings.topics.cursors],
        )

        def make_poll(feed: Feed, shard: Shard, account: Account) -> FeedPoll:
            return FeedPoll(feed, shard, account, means)

        return make_poll

    def _shard(self, number: int, holdings: Holdings) -> Shard:
        return Shard(
            number,
            kafka=self._settings.kafka,
            topics=self._settings.topics,
            limits=self._limits,
            metrics=self._metrics,
            listener=holdings,
        )
