"""How long polls take, as the metrics tell it."""

import time
from types import SimpleNamespace

import pytest

from tests.support.in_process import InProcess
from workers import poll
from workers.errors import PageUnreadable, ProviderFailed
from workers.model import HttpResponse


class SlowKafka(InProcess):
    """A provider that answers after 2 s (or fails), and a Kafka that commits after 12 s, by a clock set by hand."""

    def __init__(self, monkeypatch) -> None:
        super().__init__("ogmma", conversations=1)
        self.seconds, self.fails, self.broken = 0.0, False, False
        monkeypatch.setattr(
            poll, "time", SimpleNamespace(monotonic=lambda: self.seconds, time_ns=time.time_ns), raising=True
        )
        commit = self.topic.commit

        async def commits(*what):
            self.seconds += 12
            return await commit(*what)

        self.topic.commit = commits

    async def fetch(self, feed, ref, turn):
        self.seconds += 2
        if self.fails:
            raise ProviderFailed("HTTP 500")
        if self.broken:
            return HttpResponse(status=200, body=b"<html>")
        return await super().fetch(feed, ref, turn)

    def told(self):
        labels = {"provider": "ogmma"}
        value = self.metrics.registry.get_sample_value
        return tuple(value(f"afluente_poll_duration_seconds_{name}", labels) for name in ("count", "sum"))


async def test_the_duration_of_a_poll_is_the_providers_and_not_kafkas(monkeypatch):
    provider = SlowKafka(monkeypatch)
    await provider.poll()
    assert provider.seconds > 12
    assert provider.told() == (1, 2)


async def test_telling_of_a_page_that_nobody_can_read_is_not_the_providers_time(monkeypatch):
    provider = SlowKafka(monkeypatch)
    provider.broken = True
    with pytest.raises(PageUnreadable):
        await provider.poll()
    assert provider.seconds > 12
    assert provider.told() == (1, 2)


async def test_a_poll_that_fails_has_a_duration_too(monkeypatch):
    provider = SlowKafka(monkeypatch)
    provider.fails = True
    with pytest.raises(ProviderFailed):
        await provider.poll()
    assert provider.told() == (1, 2)
