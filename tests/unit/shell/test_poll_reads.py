"""When a poll reads a page, and when it is enough to know it again by its bytes."""

import msgspec
import pytest

from tests.support.in_process import InProcess
from workers.reconcile.cursor import WalkAgain


class Read(InProcess):
    """Counts the pages that were read; `around` is put behind each body, where it means nothing."""

    def __init__(self, provider: str, **settings) -> None:
        super().__init__(provider, conversations=1, **settings)
        self.pages, self.around = 0, b""
        read = self.adapter.page

        def page(*what):
            self.pages += 1
            return read(*what)

        self.adapter.page = page

    async def fetch(self, feed, ref, turn):
        response = await super().fetch(feed, ref, turn)
        return msgspec.structs.replace(response, body=response.body + self.around)

    async def reads(self) -> int:
        """How many pages one more poll reads."""
        before = self.pages
        await self.poll()
        return self.pages - before

    @property
    def key(self) -> str:
        return self.feeds[0].key

    def remembers(self, **fields) -> None:
        """Its cursor says this, too."""
        self.topic.cursors[self.key] = msgspec.structs.replace(self.topic.cursors[self.key], **fields)


async def test_a_page_that_was_read_with_others_behind_it_is_known_again_alone():
    # Given news of several pages
    provider = Read("99digital", rate=3.0, account={"scope": "contacts"})
    await provider.poll()
    provider.pass_time(60)
    assert await provider.reads() > 2
    # When nothing happens / Then the first of them tells it
    assert await provider.reads() == 0


async def test_a_page_that_differs_in_nothing_that_matters_is_read_once_and_not_committed():
    # Given
    provider = Read("ogmma")
    await provider.poll()
    committed = provider.topic.offset
    # When the provider writes the same rows otherwise
    provider.around = b" "
    # Then this is found out once
    assert await provider.reads() == 1
    assert await provider.reads() == 0
    assert provider.topic.offset == committed


@pytest.mark.parametrize(("due_in", "pages"), [(60, 0), (0, 1), (-60, 1)])
async def test_a_walk_that_is_owed_is_made_when_it_is_due_though_the_page_is_the_same(due_in, pages):
    # Given a feed whose pages shifted while they were read
    provider = Read("ogmma")
    await provider.poll()
    provider.remembers(again=WalkAgain(due=provider.now + 1000 * due_in, depth=1))
    # When / Then
    assert await provider.reads() == pages
    # And once
    if pages:
        assert await provider.reads() == 0


async def test_a_page_that_comes_back_after_one_that_nobody_could_read_is_read():
    # Given a feed of which a page letter was written
    provider = Read("ogmma")
    await provider.poll()
    provider.remembers(letters=("not_json",))
    # When the page is again as it was before / Then the feed has succeeded, and that is remembered
    assert await provider.reads() == 1
    assert provider.topic.cursors[provider.key].letters == ()
    assert await provider.reads() == 0
