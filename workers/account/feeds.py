"""The feeds that an account polls on this worker, each with the shard that it publishes through."""

from workers.model import Feed
from workers.shard import Shard


class AccountFeeds:
    """Feeds by key and by shard: whatever is asked costs what it gives, not what there is."""

    def __init__(self) -> None:
        self._shard_of: dict[str, Shard] = {}
        self._feeds_of: dict[Shard, dict[str, Feed]] = {}

    def __len__(self) -> int:
        return len(self._shard_of)

    def __contains__(self, key: str) -> bool:
        return key in self._shard_of

    def __getitem__(self, key: str) -> tuple[Feed, Shard]:
        shard = self._shard_of[key]
        return self._feeds_of[shard][key], shard

    def add(self, feed: Feed, shard: Shard) -> None:
        """A feed of this shard, and of no other."""
        self.remove(feed.key)
        self._shard_of[feed.key] = shard
        self._feeds_of.setdefault(shard, {})[feed.key] = feed

    def remove(self, key: str) -> None:
        """A feed that is polled no more."""
        shard = self._shard_of.pop(key, None)
        if shard is not None:
            del self._feeds_of[shard][key]

    def remove_shard(self, shard: Shard) -> dict[str, Feed]:
        """All feeds of a shard, which are returned."""
        feeds = self._feeds_of.pop(shard, {})
        for key in feeds:
            del self._shard_of[key]
        return feeds

    def keys(self) -> list[str]:
        """All of them."""
        return list(self._shard_of)
