"""Which feeds exist at a provider, as far as it can tell: a list that is read page by page, within a budget."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final, Protocol, TypeGuard

from workers.model import Feed
from workers.polling.fetch import Fetcher
from workers.providers.base import Adapter, DiscoversFeeds

#: Pages of one list at most: 50 000 feeds at 50 a page, and an end where a provider invents new ones for ever.
LONGEST_LIST: Final = 1000


class DiscoveringAdapter(Adapter, DiscoversFeeds, Protocol):
    """An adapter whose provider can list feeds."""


def discovers(adapter: Adapter) -> TypeGuard[DiscoveringAdapter]:
    """Whether this account's provider can list feeds at all."""
    return hasattr(adapter, "discovery_request") and hasattr(adapter, "discovered")


class Discovery:
    """One account's list of feeds. `take` waits until one more request may be sent for the account."""

    def __init__(
        self,
        adapter: DiscoveringAdapter,
        fetcher: Fetcher,
        take: Callable[[], Awaitable[None]],
        *,
        longest: int = LONGEST_LIST,
    ) -> None:
        self._adapter, self._fetcher, self._take, self._longest = adapter, fetcher, take, longest

    async def pages(self) -> AsyncGenerator[list[Feed]]:
        """The feeds of each page that no page before it brought.

        Raises PollFailed, and ConfigurationError where this account has no list. It ends at a page that brings nothing
        new, since a provider may show its last page again for ever, and after `longest` pages.
        """
        found: set[str] = set()
        for number in range(1, self._longest + 1):
            request = self._adapter.discovery_request(number)
            await self._take()
            response = await self._fetcher.fetch(request, account=self._adapter.account.name)
            feeds, more = self._adapter.discovered(number, response)
            new = [feed for feed in feeds if feed.key not in found]
            if new:
                found.update(feed.key for feed in new)
                yield new
            if not more or not new:
                return
