"""The requests of an account that live polls do not need: its histories and its discovery, on their stated share."""

import asyncio
from collections.abc import Callable
from random import Random

from workers.polling.budget import Budget

#: Part of the budget that histories and discovery may use together, so that live polls always have the rest.
BACKGROUND_SHARE = 0.5


class AccountBackground:
    """The background's part of `whole`, the budget that all requests of an account are taken from."""

    def __init__(
        self, whole: Budget, requests_per_minute: float, *, clock: Callable[[], float], random: Random
    ) -> None:
        self._whole = whole
        self._part = Budget(requests_per_minute * BACKGROUND_SHARE, clock=clock, random=random)
        #: One request of the background waits for the whole budget at a time: in a slowed account two of them, which a
        #: history and a discovery are, would have two turns of three.
        self._turn = asyncio.Lock()

    def own(self, share: float) -> None:
        """From now on this part of the account is ours: owned shards ÷ all shards, 0 to 1."""
        self._part.own(share)

    async def take(self) -> None:
        """Wait until a request may be sent that live polls do not need, and take it."""
        async with self._turn:
            await self._part.take()
            await self._whole.take("background")
