"""A provider is down, slow, silent, refuses, or answers garbage: only its own account waits, and nobody has to help.

Four accounts share two workers. What one of them suffers is measured at another, whose provider is well.
"""

import asyncio
import base64
import time
from collections import Counter
from urllib.parse import quote

import orjson
import pytest

from tests.support.proxy import ChaosProxy
from tests.support.watched import Watched
from workers.account.slots import POLLS_IN_FLIGHT
from workers.polling.body import BODY_LIMIT
from workers.polling.transport import DEADLINE_SECONDS
from workers.simulator import SimulationSettings
from workers.stream.feeds_topic import DefinitionWriter
from workers.times import parse_iso

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

WORKERS = ("a", "b")
#: Requests a minute of each account: less than its feeds would take.
RATE = 600
#: Seconds from a message's own time to its commit that nobody can put down to another account's trouble.
PROMPT = 6.0
#: The same while large bodies of garbage are read beside the event loop: some of it holds the interpreter's lock.
HELD_UP = 8.0


def company(**settings) -> SimulationSettings:
    """Four accounts at two providers, with traffic that is prompt and never ends by itself before the test does."""
    given = {"accounts": 2, "conversations": 40, "history": 5, "rate": 6.0, "late_share": 0.0, "status_seconds": 3.0}
    switches = ("ogmma.requests_per_minute=0",)
    return SimulationSettings(seed=5, switches=switches, **{**given, **settings})


def delays(stage: Watched, account: str, since: float, until: float) -> list[float]:
    """Seconds from their own time to their commit of the account's live messages of a span of time (Unix seconds)."""
    live = [
        (parse_iso(seen.data["message"]["sent_at"]) / 1000, seen.timestamp_ms / 1000)
        for seen in stage.seen
        if seen.attributes["type"] == "afluente.message.created"
        and seen.data["account"] == account
        and seen.data["origin"] == "live"
    ]
    return [committed - sent for sent, committed in live if since <= sent <= until]


async def down_slow_and_silent(stage: Watched, way: ChaosProxy, account: str) -> None:
    """Its port is closed, then it answers late, then it takes every request and says nothing."""
    await way.refuse()
    way.cut()
    await stage.in_state(account, "failing")
    await way.accept()
    await stage.in_state(account, "polling")
    way.delay(1.0)
    await asyncio.sleep(4)
    way.delay(0)
    way.black_hole(True)
    await asyncio.sleep(DEADLINE_SECONDS / 2)
    assert 0 < len(way.links) <= len(WORKERS) * POLLS_IN_FLIGHT
    await stage.in_state(account, "failing", seconds=DEADLINE_SECONDS)
    way.black_hole(False)
    await stage.in_state(account, "polling")


async def refused(stage: Watched, account: str) -> None:
    """It refuses the key, and takes it again."""
    stage.simulation.turn(account, unauthorized=1.0)
    await stage.in_state(account, "refused")
    asked = stage.simulation.stats()["accounts"][account]["requests"]
    await asyncio.sleep(4)
    # A refused account is probed, not polled.
    assert stage.simulation.stats()["accounts"][account]["requests"] - asked <= len(WORKERS)
    stage.simulation.turn(account, unauthorized=0.0)
    await stage.in_state(account, "polling", seconds=40)


async def too_much(stage: Watched, account: str) -> None:
    """It says "too many" to every request, in each of its three ways."""
    for switch in ("too_many_seconds", "too_many_date", "too_many"):
        stage.simulation.turn(account, **{switch: 1.0})
        await stage.in_state(account, "rate_limited")
        stage.simulation.turn(account, **{switch: 0.0})
        await stage.in_state(account, "polling", "backfilling", seconds=40)


async def test_each_account_suffers_alone_and_recovers_by_itself(broker, topic_prefix):
    account = {"requests_per_minute": RATE}
    async with ChaosProxy() as way:
        world = company(limit=300, conversations=480)
        stage = Watched(broker.bootstrap, topic_prefix, world, ports={"loja": way.port}, account=account)
        async with stage:
            # Given more feeds of the account that will hang than a worker may poll at a time
            assert len(stage.feeds("loja")) > len(WORKERS) * POLLS_IN_FLIGHT
            way.target_port = int(stage.simulation.url.rpartition(":")[2])
            stage.start(*WORKERS)
            await stage.ready(*WORKERS)
            await stage.in_state("loja", "polling")
            # When three of four accounts are in trouble
            begun = time.time()
            await asyncio.gather(
                down_slow_and_silent(stage, way, "loja"), refused(stage, "loja-2"), too_much(stage, "clinica-2")
            )
            ended = time.time()
            # Then all is published, and nobody had to help
            await stage.judged(still=WORKERS)
            # And the fourth never noticed
            prompt = delays(stage, "clinica", begun, ended)
            assert len(prompt) > 20
            assert max(prompt) < PROMPT
            # And nobody was asked more often than allowed
            stats = stage.simulation.stats()["accounts"]
            assert max(counts["requests_most_in_60_s"] for counts in stats.values()) <= RATE + len(WORKERS)


# --- garbage ---------------------------------------------------------------------------------------------

#: Troubles of a whole answer, each played to every feed of an account.
TROUBLES = (
    "html", "wrong_shape", "half_body", "long_length", "oversized", "gzip_bomb", "reset", "error_burst",
    "echo_in_error", "hang", "html", "wrong_shape", "redirect",
)  # fmt: skip
#: What a trouble is told as, once for each feed.
LETTERS = {"html": "not_json", "wrong_shape": "not_a_page"}
#: Rows that are legal and break programs, and rows that nobody can read.
BENT = {
    "poison": 0.1, "nan": 0.1, "huge_number": 0.1, "deep_nesting": 0.1, "broken_surrogate": 0.2,
    "duplicate_keys": 0.2, "echo_in_text": 0.5, "wrong_content_type": 0.5, "shuffle_rows": 0.5, "duplicate_rows": 0.5,
}  # fmt: skip
#: Bytes that a worker may grow by while all its feeds are answered with the largest bodies: those of the exchanges
#: that are open at a time, and one that is being read, which takes up to 40 times its length as Python's objects.
GROWTH = (POLLS_IN_FLIGHT + 20) * BODY_LIMIT


def shapes(key: str) -> tuple[bytes, ...]:
    """Bodies of JSON that are no page: with the caller's key in them, and large and hard to read."""
    told = {"request": {"authorization": f"Bearer {key}", "key": quote(key, safe=""), "basic": encoded(key, 1)}}
    many = b'{"rows":[NaN,' + b"[]," * (BODY_LIMIT // 6) + b"1]}"
    return orjson.dumps(told), many


def encoded(key: str, before: int) -> str:
    """The key in base64, behind so many other bytes."""
    return base64.b64encode(b"x" * before + key.encode()).decode()


def spellings(key: str) -> list[bytes]:
    """What must not be found anywhere: the key, plain, quoted, escaped, and the inner part of its base64 forms."""
    plain = [key, quote(key, safe=""), key.replace("/", "\\/")]
    inner = [encoded(key, before)[4:-4] for before in range(3)]
    return [text.encode() for text in plain + inner]


def page_letters(stage: Watched) -> Counter[tuple[bytes, str]]:
    """Feed and reason of every letter about a page that a consumer has seen."""
    letters = (seen for seen in stage.seen if seen.attributes["type"] == "afluente.dead-letter")
    return Counter((one.key, one.data["reason"]) for one in letters if one.data["scope"] == "page")


async def suffered(stage: Watched, account: str, trouble: str, writer: DefinitionWriter) -> None:
    """Play one trouble to an account, as somebody asks for its feeds again and again: to every one that tells of it."""
    feeds = stage.feeds(account)

    def times() -> int:
        return stage.simulation.stats()["accounts"][account]["hostile"].get(trouble, 0)

    async def met() -> bool:
        await writer.write(feeds, poll_now=True)
        if trouble in LETTERS:
            await stage.verdict()
            return len(feeds) == sum(reason == LETTERS[trouble] for _, reason in page_letters(stage))
        return times() >= before + len(feeds)

    before = times()
    stage.simulation.turn(account, **{trouble: 1.0})
    await stage.until(met, 60, f"every feed of {account} meets {trouble}", every=1.0)
    stage.simulation.turn(account, **{trouble: 0.0})


async def test_garbage_is_told_once_bounded_and_never_repeats_a_secret(broker, topic_prefix):
    world = company(accounts=1, conversations=32, limit=200, hang_seconds=2.0, bomb_bytes=64 * 2**20)
    async with Watched(broker.bootstrap, topic_prefix, world) as stage:
        keys = [account.api_key for account in stage.simulation.world.accounts.values()]
        stage.simulation.exchange.rooms["ogmma"].wrong_shapes = lambda: shapes(keys[0])
        stage.start(*WORKERS)
        await stage.ready(*WORKERS)
        await stage.in_state("loja", "polling")
        usual = {name: stage.peak_bytes(name) for name in WORKERS}
        # When every feed of one account meets every kind of garbage, and rows of both break programs
        begun = time.time()
        async with DefinitionWriter(stage.kafka, stage.names) as writer:
            for trouble in TROUBLES:
                await suffered(stage, "loja", trouble, writer)
            ended = time.time()
            stage.simulation.turn("loja", **BENT)
            stage.simulation.turn("clinica", **BENT)
            await writer.write(stage.feeds("loja"), poll_now=True)
        # Then all that can be read is published, and all workers are well
        await stage.judged(still=WORKERS)
        await stage.in_state("loja", "polling")
        assert max(delays(stage, "clinica", begun, ended)) < HELD_UP
        grown = {name: stage.peak_bytes(name) - usual[name] for name in WORKERS}
        assert max(grown.values()) < GROWTH, grown
        # And each feed told each kind of unreadable page once, and each poison row is told
        letters = [seen for seen in stage.seen if seen.attributes["type"] == "afluente.dead-letter"]
        pages = page_letters(stage)
        told = {(feed.key, reason): 1 for feed in stage.feeds("loja") for reason in ("not_json", "not_a_page")}
        too_large = {place: count for place, count in pages.items() if place[1] == "too_large_body"}
        assert pages == told | too_large
        # And those that met pages beyond any size, of which there are two kinds, told them as often at most
        assert too_large
        assert max(too_large.values()) <= 2
        rows = [one.data for one in letters if one.data["scope"] == "row"]
        payloads = "".join(row["payload"] for row in rows)
        poisoned = [entry.message.id for entry in stage.simulation.ledger.entries() if entry.poison]
        untold = [name for name in poisoned if name not in payloads]
        assert len(untold) < len(poisoned)
        assert len(untold) <= sum(row["reason"] == "no_id" for row in rows)  # these were shown without their name
        # And nobody followed a redirect, and no key is anywhere
        assert stage.simulation.stats()["redirects_followed"] == 0
        said = [f"{await stage.page(name)}\n{stage.log(name)}".encode() for name in WORKERS]
        for topic in stage.names.model_dump().values():
            for record in await stage.records(topic):
                said += [record.key, record.value or b"", *(value for _, value in record.headers)]
        assert [text[:200] for text in said for key in keys for form in spellings(key) if form in text] == []
        assert any(b"[credential removed]" in text for text in said)
