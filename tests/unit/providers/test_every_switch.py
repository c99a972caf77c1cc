"""Every switch of every provider in random mixtures: what a run publishes is what was shown, field by field."""

from random import Random

import msgspec
import pytest

from tests.support import mixtures
from tests.support.in_process import InProcess
from workers.demo.judge import judge
from workers.model import Author, Media, Status
from workers.providers import PROVIDERS

#: Random mixtures of each provider, and seconds of simulated time between two polls.
MIXTURES, PACE = 40, 2.0
#: What lives in a mixture beside its switches: a few messages that come late, change and go.
LIFE = {
    "history": 12,
    "rate": 1.5,
    "limit": 25,
    "late_share": 0.2,
    "late_seconds": 3.0,
    "status_seconds": 4.0,
    "edit_share": 0.2,
    "delete_share": 0.05,
}


#: Readings in which a row tells more of its message than in the usual one.
TELLING = {"ogmma": ("ogmma.types=extended",), "99digital": ("99digital.types=extended",), "wizebot": (), "wegly": ()}
#: Fields that an adapter might read wrongly, and how they are spoilt here.
SPOILT = {
    "direction": lambda _: {"direction": "internal"},
    "from": lambda _: {"from_": "1"},
    "to": lambda _: {"to": "1"},
    "sent_at": lambda _: {"sent_at": "2026-01-01T00:00:00.000Z"},
    "type": lambda message: {"type": "call" if message.type == "order" else "order"},
    "text": lambda _: {"text": "something else"},
    "media": lambda message: {"media": message.media and Media(url="https://other.example/1")},
    "location": lambda _: {"location": None},
    "contacts": lambda _: {"contacts": ()},
    "author": lambda message: {"author": Author(kind="bot" if message.author.kind == "automation" else "automation")},
    "status": lambda _: {"status": Status()},
}


def run_of(provider: str, seed: int, *switches: str, **life) -> InProcess:
    scope = {"scope": "contacts"} if provider == "99digital" else None
    return InProcess(provider, *switches, seed=seed, account=scope, **{**LIFE, **life})


@pytest.mark.parametrize("name", SPOILT)
@pytest.mark.parametrize("provider", sorted(PROVIDERS))
async def test_an_adapter_that_reads_a_field_wrongly_is_found(provider, name):
    # Given a history in which each kind of message is found
    run = run_of(provider, 4, f"{provider}.requests_per_minute=0", *TELLING[provider], history=300)
    read = run.adapter.normalise

    def misread(feed, row):
        read_well = read(feed, row)
        wrong = msgspec.structs.replace(read_well.message, **SPOILT[name](read_well.message))
        return msgspec.structs.replace(read_well, message=wrong)

    # When
    run.adapter.normalise = misread
    await run.poll()
    # Then
    verdict = run.verdict()
    assert verdict.outdated
    assert any(f"message.{name}" in fault for fault in verdict.faults)


@pytest.mark.parametrize("seed", range(MIXTURES))
@pytest.mark.parametrize("provider", sorted(PROVIDERS))
async def test_any_mixture_of_readings_is_published_as_it_was_shown(provider, seed):
    # Given all of the provider's switches, each in one of its readings, and rows that were played with
    rng = Random(f"{provider}/{seed}")
    switches = mixtures.of_provider(rng, provider) + mixtures.of_rows(rng)
    run = run_of(provider, seed, *switches)
    # When people write, and the worker is restarted in between
    for step in range(14):
        await run.poll(failing=True)
        if step == 7:
            run.restart()
        run.pass_time(PACE)
    for quiet in ("drift", "shuffle_rows"):
        run.turn(quiet, 0)
    for _ in range(3):
        run.pass_time(600)
        await run.poll(failing=True)
    # Then
    verdict = judge(standing(run), run.seen)
    assert verdict.clean, (switches, verdict)
    assert verdict.published


def standing(run: InProcess) -> list[dict]:
    """The ledger without what was deleted between its first showing and its publishing.

    A long history opens with a look at page one and is then read from its old end: what the provider takes away in
    between is published only by the polls that saw it as news.
    """
    told = {seen.data["message"]["id"] for seen in run.seen if "message" in seen.data}
    entries = run.ledger.entries()
    return [entry.content() for entry in entries if entry.message.id in told or not entry.message.gone]
