"""All four providers with every switch on at random, through the whole product, judged field by field."""

import os
from random import Random

import pytest

from tests.support import mixtures
from tests.support.stage import Stage
from workers.demo.judge import judge
from workers.simulator import SimulationSettings
from workers.simulator.catalogue import SWITCHES
from workers.simulator.rooms import ROOMS
from workers.simulator.switches import setting_from_text
from workers.times import parse_iso

pytestmark = [pytest.mark.kafka]

#: Runs of this file: two in the usual suite, CHAOS_SEEDS more than its usual five in a longer one.
SEEDS = range(1, 3 + max(0, int(os.environ.get("CHAOS_SEEDS", "5")) - 5))
#: Readings of a timeline in which a chat shows its last message only: the others are told as gaps.
HIDING = ("wegly.timeline=not_found", "wegly.timeline=not_allowed")
#: Pages that are shorter than documented have tests of their own (test_short_pages): beside all other troubles it is a
#: matter of chance what of them is shown.
APART = {
    **{f"{provider}.thin_pages": () for provider in ROOMS},
    "ogmma.limit_cap": (),
    "ogmma.meta": (),
    "99digital.page_rows": (),
    "wegly.total": tuple(choice for choice in SWITCHES["wegly.total"].choices if choice != "page"),
}
#: A wait that nobody can keep to is kept for a quarter of an hour (test_retry_after): longer than this test lasts.
TOO_LONG = "too_many_absurd"
#: Seconds in which people write, and in which all that was shown must be published once the providers behave.
WRITING_SECONDS, SETTLING_SECONDS = 8, 60


def world(rng: Random, seed: int) -> tuple[SimulationSettings, set[str]]:
    """An account of each provider with all of its switches turned, and the accounts that hide messages."""
    switches, hiding = [], set[str]()
    for provider, room in ROOMS.items():
        account = room.account_name(0)
        own = mixtures.of_provider(rng, provider, APART)
        hiding |= {account} if set(HIDING) & set(own) else set()
        every = (*own, *mixtures.of_rows(rng), *mixtures.of_requests(rng), f"{TOO_LONG}=0")
        switches += [f"{account}:{switch}" for switch in every]
    settings = SimulationSettings(
        seed=seed,
        conversations=16,
        history=25,
        rate=8.0,
        limit=8 * WRITING_SECONDS,
        late_share=0.1,
        late_seconds=2.0,
        status_seconds=3.0,
        edit_share=0.1,
        delete_share=0.03,
        hang_seconds=2.0,
        drip_seconds=1.0,
        oversized_bytes=12 * 2**20,
        bomb_bytes=32 * 2**20,
        switches=tuple(switches),
    )
    return settings, hiding


@pytest.mark.parametrize("seed", SEEDS)
async def test_any_mixture_of_all_switches_is_published_as_it_was_shown(embedded_broker, topic_prefix, seed):
    # Given all four providers in one of their readings each, with rows and requests that go wrong in every way
    rng = Random(f"every switch/{seed}")
    settings, hiding = world(rng, seed)
    patience = {"max_interval_seconds": 2}
    scope = rng.choice(("number", "contacts"))
    async with Stage(embedded_broker.bootstrap, topic_prefix, settings, account=patience, scope=scope) as stage:
        stage.start("a", "b")
        await stage.ready("a", "b")

        async def written() -> bool:
            return stage.simulation.stats()["quiet"]

        # When people write meanwhile, and then the requests go well again
        await stage.until(written, 2 * WRITING_SECONDS + 20, "the world is quiet", every=0.5)
        behave = [text.partition("=")[0] + "=0" for text in (*mixtures.of_requests(rng), "drift=0", "shuffle_rows=0")]
        stage.simulation.board.set(map(setting_from_text, behave))

        async def published() -> bool:
            unseen = stage.simulation.stats()["accounts"]
            if any(one["never_shown"] for name, one in unseen.items() if name not in hiding):
                return False
            verdict = await verdict_on(stage)
            return not verdict.lost and not verdict.outdated

        # Then all that was shown is published, each field as it was shown
        try:
            await stage.until(published, SETTLING_SECONDS, "all that was shown is published", every=1.0)
        except AssertionError as waited:
            missing = {name: one["never_shown"] for name, one in stage.simulation.stats()["accounts"].items()}
            verdict = await verdict_on(stage)
            raise AssertionError(f"{waited}; {verdict}; never shown: {missing}; {settings.switches}") from None
        verdict = await verdict_on(stage)
        assert verdict.clean, (verdict, settings.switches)
        assert verdict.published > 200


async def verdict_on(stage: Stage):
    """The verdict without what the provider took away again before it could be read anew.

    A message that was deleted meanwhile (see the unit test), and the last one of a chat without a timeline which was
    shown while a poll failed, and had a successor at the next: the gap that was told there covers it.
    """
    stage.seen += await stage.reader.rest()
    told = {seen.data["message"]["id"] for seen in stage.seen if "message" in seen.data}
    gaps = [seen.data for seen in stage.seen if seen.attributes["type"] == "afluente.feed.gap"]

    def is_excused(one) -> bool:
        return one.message.gone or any(covers(gap, one) for gap in gaps)

    entries = list(stage.simulation.ledger.entries())
    return judge([one.content() for one in entries if one.message.id in told or not is_excused(one)], stage.seen)


def covers(gap: dict, entry) -> bool:
    """Whether a gap says that messages of this chat are hidden around the time of this one."""
    told, place = gap["gap"], gap["conversation"] or {}
    if told["reason"] != "last_message_only" or place.get("provider_id") != entry.conversation:
        return False
    after, before = told["after"]["sent_at"], told["before"]["sent_at"]
    since = after is None or parse_iso(after) <= entry.time_ms
    return since and (before is None or entry.time_ms <= parse_iso(before))
