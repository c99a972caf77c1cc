"""Reading a provider's list of feeds: page by page, within the budget, and to an end."""

import json

import httpx
import pytest

from workers.cli.accounts import adapters_of
from workers.cli.context import Configuration
from workers.discovery import Discovery, discovers
from workers.errors import ConfigurationError, RateLimited
from workers.polling.fetch import Fetcher


class Provider:
    """A list of contacts, by pages; past the last of them the last is shown again. Counts what is asked and taken."""

    def __init__(self, *pages: list[str], empty_end: bool = False) -> None:
        self.pages, self.empty_end = pages, empty_end
        self.asked: list[int] = []
        self.taken = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        number = json.loads(request.content)["page"]
        self.asked.append(number)
        assert self.taken == len(self.asked)
        if number > len(self.pages):
            return httpx.Response(200, json=[] if self.empty_end else self._rows(self.pages[-1]))
        return httpx.Response(200, json=self._rows(self.pages[number - 1]))

    async def take(self) -> None:
        self.taken += 1

    @staticmethod
    def _rows(contacts: list[str]) -> list[dict[str, str]]:
        return [{"contact_phone": contact} for contact in contacts]


@pytest.fixture
def adapter(folder):
    text = (folder / "afluente.toml").read_text()
    (folder / "afluente.toml").write_text(text.replace('972770000001"', '972770000001"\nscope = "contacts"'))
    return adapters_of(Configuration(folder / "afluente.toml").settings())["clinica"]


def discovery(adapter, provider: Provider, **options: int) -> Discovery:
    return Discovery(adapter, Fetcher(httpx.MockTransport(provider)), provider.take, **options)


async def every(found: Discovery):
    """The feeds of all pages."""
    return [feed async for feeds in found.pages() for feed in feeds]


async def test_all_pages_are_read_and_each_feed_is_found_once(adapter):
    # Given contacts that move to the next page while the list is read
    provider = Provider(["972500000001", "972500000002"], ["972500000002", "972500000003"], empty_end=True)
    # When
    found = await every(discovery(adapter, provider))
    # Then
    assert [feed.values["contact"] for feed in found] == ["972500000001", "972500000002", "972500000003"]
    assert provider.asked == [1, 2, 3]


async def test_a_list_that_shows_its_last_page_for_ever_comes_to_an_end(adapter):
    provider = Provider(["972500000001"], ["972500000002"])
    assert len(await every(discovery(adapter, provider))) == 2
    assert provider.asked == [1, 2, 3]


async def test_a_list_that_invents_feeds_for_ever_comes_to_an_end(adapter):
    provider = Provider(*[[f"97250000{number:04}"] for number in range(50)])
    assert len(await every(discovery(adapter, provider, longest=7))) == 7


async def test_pages_are_handed_on_before_the_next_is_asked_for(adapter):
    # Given
    provider = Provider(["972500000001"], ["972500000002"])
    # When
    pages = discovery(adapter, provider).pages()
    first = await anext(pages)
    # Then
    assert [feed.key for feed in first] == ["clinica/972500000001"]
    assert provider.asked == [1]
    await pages.aclose()


async def test_a_refusal_ends_it(adapter):
    found = Discovery(adapter, Fetcher(httpx.MockTransport(lambda _: httpx.Response(429))), Provider().take)
    with pytest.raises(RateLimited):
        await every(found)


async def test_an_account_without_a_list_is_asked_for_nothing(folder):
    # Given
    adapter = adapters_of(Configuration(folder / "afluente.toml").settings())["loja"]
    provider = Provider([])
    # When / Then
    with pytest.raises(ConfigurationError, match=r"accounts\.loja\.conversations: needed"):
        await every(discovery(adapter, provider))
    assert provider.taken == 0


def test_not_every_adapter_can_list_feeds(adapter):
    assert discovers(adapter)
    assert not discovers(object())
