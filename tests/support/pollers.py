"""An account's poller without a provider and without Kafka: fake shards, and polls that a test makes up."""

import asyncio

import httpx

from workers.account.poller import AccountPoller
from workers.metrics import Metrics
from workers.model import Feed
from workers.polling.fetch import Fetcher
from workers.providers import adapter
from workers.providers.ogmma import OgmmaSettings

SETTINGS = OgmmaSettings(name="loja", provider="ogmma", api_key="oapi_sk_live_" + "4f9d07c1b2e8a663" * 2)
#: Requests per minute that no test waits for; more than a person may set.
AT_ONCE = {"requests_per_minute": 6e6}


class FakeShard:
    number = 0

    def __init__(self):
        self.polled = []

    def take_up(self, key):
        return b""


def feed(number):
    return Feed(key=f"loja/{number:05d}", account="loja", values={})


def nobody_answers(request):
    raise AssertionError(f"{request.url} was asked for")


def poller_of(make_poll, *, answer=nobody_answers, accounts=1, of=SETTINGS, **settings):
    """A poller whose polls are what this makes of a feed, its shard and the account. Inside an event loop."""
    metrics = Metrics()
    metrics.known_account(of.provider, of.name, (), ())
    account = adapter(of.model_copy(update=AT_ONCE | settings))
    made = AccountPoller(account, Fetcher(httpx.MockTransport(answer), accounts=accounts), metrics, make_poll)
    made.set_share(1.0)
    return made


async def running(poller):
    task = asyncio.create_task(poller.run())
    await asyncio.sleep(0.02)
    return task


async def ended(task):
    task.cancel()
    await asyncio.wait([task])
