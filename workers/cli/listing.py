"""All feeds that there are, from the configuration and from the feeds topic, each judged as a worker judges it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from rich.table import Table
from rich.text import Text

from workers.cli.context import printable
from workers.errors import FeedRejected, TopicError
from workers.feeds import read
from workers.model import Feed, Record
from workers.providers.base import Adapter
from workers.settings.settings import Settings
from workers.stream import topics
from workers.stream.feeds_topic import StoredDefinition, stored_definitions
from workers.stream.partition import partition_of

#: The end codes of all that reads or writes the feeds topic.
CODES = "0 done, 1 Kafka or the provider failed, 2 wrong usage or configuration"
#: Rows that a terminal is shown: a few screens. Whoever wants all pipes them.
SHOWN_ROWS = 200


class ListedFeed(Record, frozen=True, kw_only=True):
    """One feed. `values` is empty where a definition cannot be read; `problem` says why a worker ignores it."""

    key: str
    account: str
    values: Mapping[str, str]
    state: Literal["active", "paused", "rejected"]
    source: Literal["configuration", "topic"]
    problem: str | None = None

    def as_json(self) -> dict[str, object]:
        """This feed as a JSON line."""
        return {
            "key": self.key,
            "account": self.account,
            "feed": dict(self.values),
            "state": self.state,
            "source": self.source,
            "problem": self.problem,
        }


def as_json(feed: Feed) -> dict[str, object]:
    """A feed as a JSON line names it."""
    return {"key": feed.key, "account": feed.account, "feed": dict(feed.values)}


async def stored(settings: Settings) -> list[StoredDefinition]:
    """What the feeds topic holds. Raises TopicError where it is not as it must be, and BrokerUnreachable."""
    report = await topics.check(settings.kafka, settings.topics)
    problems = [problem for problem in report.problems if problem.startswith(f"{settings.topics.feeds}: ")]
    if problems:
        raise TopicError("; ".join(problems))
    return await stored_definitions(settings.kafka, settings.topics)


def listed(adapters: Mapping[str, Adapter], records: Iterable[StoredDefinition], shards: int) -> list[ListedFeed]:
    """All feeds: those of the configuration, then those of the topic, which decides where both have one."""
    told = [judged(each, adapters, shards) for each in records]
    decided = {feed.key for feed in told if feed.state != "rejected"}
    standing = [
        ListedFeed(key=feed.key, account=feed.account, values=feed.values, state="active", source="configuration")
        for adapter in adapters.values()
        for feed in adapter.standing_feeds()
        if feed.key not in decided
    ]
    return standing + told


def judged(record: StoredDefinition, adapters: Mapping[str, Adapter], shards: int) -> ListedFeed:
    """What a worker makes of a record of the feeds topic."""
    key = record.key.decode(errors="replace")
    try:
        definition = read(record.key, record.value, adapters)
    except FeedRejected as error:
        return _rejected(key, str(error))
    right = partition_of(record.key, shards)
    if right != record.partition:
        return _rejected(key, f"it stands in partition {record.partition}, its key belongs to {right} (murmur2)")
    feed = definition.feed
    return ListedFeed(key=key, account=feed.account, values=feed.values, state=definition.state, source="topic")


def _rejected(key: str, problem: str) -> ListedFeed:
    account = key.split("/", 1)[0]
    return ListedFeed(key=key, account=account, values={}, state="rejected", source="topic", problem=problem)


def feeds_table(feeds: Sequence[ListedFeed]) -> Table:
    """The first of these feeds, for a person."""
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for name in ("account", "feed", "state", "from"):
        table.add_column(name, no_wrap=name != "feed", overflow="fold")
    for feed in feeds[:SHOWN_ROWS]:
        what = " ".join(f"{key}={value}" for key, value in feed.values.items()) or feed.key
        if feed.problem:
            what += f"\n{feed.problem}"
        style = {"active": "", "paused": "dim", "rejected": "red"}[feed.state]
        cells = (feed.account, what, feed.state, feed.source)
        table.add_row(*(Text("\n".join(map(printable, cell.split("\n")))) for cell in cells), style=style)
    return table
