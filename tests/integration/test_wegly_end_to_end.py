"""Wegly in every reading that matters, through the whole product: workers, real Kafka, the ledger, the judge."""

from collections import Counter

import pytest

from tests.support.stage import Stage
from workers.demo.judge import Verdict
from workers.simulator import SimulationSettings

pytestmark = [pytest.mark.kafka]

#: One account for each reading of how a timeline is paged and ordered; the last has no timeline at all.
READINGS = {
    "escola": ("wegly.events=0.3", "wegly.media_seconds=3", "wegly.reactions=0.5", "wegly.meta_timestamp=seconds_text"),
    "escola-2": ("wegly.timeline_order=oldest_first", "wegly.timeline_paging=offset", "wegly.statuses=upper"),
    "escola-3": ("wegly.timeline_order=mixed", "wegly.unknown_parameters=refused", "wegly.groups=0.5"),
    "escola-4": (
        *("wegly.origin=restricted", "wegly.imported=0.3", "wegly.import_seconds=6", "wegly.timeline_rows=10"),
        *("wegly.timeline_paging=page_from_0", "wegly.generation=older"),
    ),
    "escola-5": ("wegly.timeline=not_found", "wegly.errors=html"),
}


#: Looks, a second apart, after which every chat was read again since the world went quiet, and nothing new was seen.
LOOKS = 5


def school() -> SimulationSettings:
    """Chats of five accounts, with traffic that ends after a few seconds."""
    switches = [f"{account}:{switch}" for account, own in READINGS.items() for switch in own]
    return SimulationSettings(
        seed=11,
        providers=("wegly",),
        accounts=len(READINGS),
        conversations=15,
        history=30,
        rate=8.0,
        limit=60,
        late_share=0.2,
        late_seconds=3.0,
        status_seconds=3.0,
        edit_share=0.1,
        switches=tuple(switches),
    )


async def test_whatever_a_chat_shows_is_published_once_and_what_it_hides_is_said(embedded_broker, topic_prefix):
    hidden = tuple(READINGS)[-1]
    async with Stage(embedded_broker.bootstrap, topic_prefix, school(), account={"max_interval_seconds": 2}) as stage:
        # Given two workers that read all chats while people write
        stage.start("a", "b")
        await stage.ready("a", "b")

        async def all_shown() -> bool:
            stats = stage.simulation.stats()
            waiting = {name: one["never_shown"] for name, one in stats["accounts"].items() if name != hidden}
            return stats["quiet"] and not sum(waiting.values())

        good: list[Verdict] = []

        async def published() -> bool:
            good.append(await stage.verdict())
            if good[-1].lost or good[-1].outdated:
                good.clear()
            return len(good) > LOOKS

        # When the world has gone quiet
        await stage.until(all_shown, 40, "everything that can be shown was shown")
        await stage.until(published, 60, "everything that was shown is published", every=1.0)
        # Then nothing is missing, twice, invented or out of order
        verdict = good[-1]
        assert verdict.clean, verdict
        assert verdict.dead_lettered == 0
        assert verdict.published > 360
        assert verdict.updates > 0
        # Then what a chat without a timeline hides is said, for each new last message and for nothing else
        gaps = [seen.data for seen in stage.seen if seen.attributes["type"] == "afluente.feed.gap"]
        assert {(gap["account"], gap["gap"]["reason"]) for gap in gaps} == {(hidden, "last_message_only")}
        # Then every chat was told as a whole, under its own key, and once in each of its states
        told = [seen for seen in stage.seen if seen.attributes["type"] == "afluente.conversation.updated"]
        first = Counter(seen.key for seen in told if not seen.data["changed"])
        assert set(first.values()) == {1}
        assert len(first) == 15
        assert all(seen.attributes["subject"] == seen.key == seen.data["conversation"]["id"] for seen in told)
        assert len({seen.attributes["id"] for seen in told}) == len(told) > 15
