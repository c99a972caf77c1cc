"""Pages that nobody can read, told to whoever reads the dead letters."""

import pytest

from tests.support.in_process import InProcess
from tests.support.shown_rows import ShownRows
from workers.errors import BodyTooLarge, PageUnreadable, Unreachable
from workers.model import HttpResponse

HTML = b"<html><body>maintenance</body></html>"


class Broken(InProcess):
    """A provider that answers with `bodies`, or fails so, in turn, while there are any; then with its pages."""

    def __init__(self, *bodies: bytes | Exception) -> None:
        super().__init__("ogmma", conversations=1)
        self.bodies = list(bodies)

    async def fetch(self, feed, ref, turn):
        if self.bodies and isinstance(self.bodies[0], Exception):
            raise self.bodies.pop(0)
        if self.bodies:
            return HttpResponse(status=200, body=self.bodies.pop(0), content_type="text/html")
        return await super().fetch(feed, ref, turn)

    def letters(self):
        return [letter["payload"] for letter in self.told("dead-letter")]


async def failing(provider, polls: int) -> None:
    for _ in range(polls):
        with pytest.raises((PageUnreadable, BodyTooLarge)):
            await provider.poll()


async def test_a_page_is_told_once_until_the_feed_succeeds():
    # Given pages that differ in nothing but a time
    provider = Broken(*(HTML + b"%d" % number for number in range(5)))
    # When
    await failing(provider, 5)
    # Then
    assert len(provider.letters()) == 1
    # And after a success, another page is news
    await provider.poll()
    provider.bodies = [HTML + b"another"]
    await failing(provider, 1)
    assert len(provider.letters()) == 2


@pytest.mark.parametrize("restarts", [False, True])
async def test_the_same_page_is_never_told_twice(restarts):
    # Given a page that was told
    provider = Broken(HTML)
    await failing(provider, 1)
    # When it comes again after a success, in the same process or the next
    await provider.poll()
    if restarts:
        provider.restart()
    provider.bodies = [HTML]
    await failing(provider, 1)
    # Then
    assert len(provider.letters()) == 1


async def test_a_page_cut_inside_a_character_is_still_told_as_text(monkeypatch):
    # Given
    monkeypatch.setattr("workers.reconcile.page_letter.LETTER_BYTES", 20)
    provider = Broken("<html>não é uma página, não".encode())
    # When
    await failing(provider, 1)
    # Then
    (letter,) = provider.told("dead-letter")
    assert letter["payload_encoding"] == "utf-8"
    assert letter["payload"].startswith("<html>não")


def too_large(received=b"", status=200):
    return BodyTooLarge("simulated.example: the body is too large", status, "application/json", received)


async def test_how_a_body_beyond_the_limit_begins_is_told_once_until_the_feed_succeeds():
    # Given bodies beyond the limit, one of which holds the account's key where it was cut
    provider = Broken(*(too_large(b'{"data":[%d' % number) for number in range(3)))
    # When
    await failing(provider, 3)
    # Then
    (letter,) = provider.told("dead-letter")
    assert (letter["reason"], letter["scope"], letter["truncated"]) == ("too_large_body", "page", True)
    assert letter["payload"] == '{"data":[0'
    assert letter["http"] == {"status": 200, "content_type": "application/json"}
    assert letter["detail"] == "simulated.example: the body is too large"
    # And after a success, another one is news
    await provider.poll()
    key = provider.adapter.account.secrets()[0]
    provider.bodies = [too_large(b"again " + key[:-1].encode())]
    await failing(provider, 1)
    assert provider.letters()[1:] == ["again [credential removed]"]


async def test_a_failure_is_no_letter_however_large_its_body_is():
    provider = Broken(too_large(b"oops", status=500))
    with pytest.raises(Unreachable) as caught:
        await provider.poll()
    assert caught.value.reason == "too_large"
    assert not provider.letters()


@pytest.mark.parametrize("readable", [False, True])
async def test_a_row_that_nobody_can_read_is_told_as_it_was_sent(readable):
    # Given a row without identity, or one whose message makes no sense, in spellings that no decoder keeps
    provider = ShownRows()
    row_id = '"A"' if readable else "null"
    strange = '"price":1.10, "content":{"\\u00e9":"\\/"}'
    sent = f'{{"id": {row_id},  "type":"TEXT", "createdAt":"2026-01-05T11:00:00Z", {strange}}}'
    provider.body = b'{"data":[%b],"meta":{"limit":50}}' % sent.encode()
    # When
    await provider.poll()
    # Then
    (letter,) = provider.told("dead-letter")
    assert letter["payload"] == sent
