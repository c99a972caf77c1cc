"""On the wire: whole answers are recorded, broken ones are not, and the control plane does what it is asked."""

import asyncio
import gzip
import json
import signal
import subprocess
import sys
import time

import aiohttp
import orjson
import pytest

from workers.errors import StopWorker
from workers.simulator import SimulationSettings, serve
from workers.simulator.hostile import TROUBLES, TWISTS


async def poll(session, simulation, patience=5.0, **query):
    """Read the first Ogmma conversation as a careful client would; the rows of a whole answer."""
    account = simulation.world.accounts["loja"]
    conversation = account.conversations[0]
    url = f"{simulation.url}/ogmma/v1/channels/{conversation.channel.id}/conversations/{conversation.id}"
    headers = {"Authorization": f"Bearer {account.api_key}"}
    async with session.get(
        url, headers=headers, params=query, allow_redirects=False, timeout=aiohttp.ClientTimeout(patience)
    ) as response:
        body = await response.read()
        return response, body


async def control(session, simulation, name, **asked):
    url = f"{simulation.url}/_simulator/{name}"
    async with session.post(url, json=asked) as response:
        return response.status, orjson.loads(await response.read())


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as one:
        yield one


async def test_a_whole_answer_is_recorded_row_by_row(simulated, session):
    async with simulated() as simulation:
        # When
        before = time.time() * 1000
        response, body = await poll(session, simulation)

        # Then
        ids = [row["id"] for row in orjson.loads(body)["data"]]
        assert response.status == 200
        assert [entry.message.id for entry in simulation.ledger.entries()] == ids
        assert all(before - 1000 < entry.first_shown_ms < before + 5000 for entry in simulation.ledger.entries())


async def test_both_providers_are_served_below_their_own_path(simulated, session):
    async with simulated() as simulation:
        account = simulation.world.accounts["clinica"]
        asked = {"apiKey": account.api_key, "from": account.channels[0].number, "page": 1}
        async with session.post(f"{simulation.url}/99digital/whatsapp/v2/getHistory", json=asked) as response:
            assert len(await response.json()) == 10
        async with session.get(f"{simulation.url}/nobody/v1") as response:
            assert response.status == 404


@pytest.mark.parametrize("name", ["half_body", "long_length", "reset"])
async def test_a_broken_answer_fails_at_the_client_and_is_not_recorded(simulated, session, name):
    async with simulated(switches=(f"{name}=1",)) as simulation:
        # When
        with pytest.raises(aiohttp.ClientError):
            await poll(session, simulation)

        # Then
        assert not list(simulation.ledger.entries())
        simulation.turn(**{name: 0})
        response, _ = await poll(session, simulation)
        assert response.status == 200
        assert len(list(simulation.ledger.entries())) == 5


async def test_half_a_body_is_half_of_it(simulated):
    async with simulated(switches=("half_body=1",)) as simulation:
        # When
        received = await raw_poll(simulation)

        # Then
        head, _, body = received.partition(b"\r\n\r\n")
        promised = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        assert len(body) == promised // 2
        assert body.startswith(b'{"data":[{"id"')


async def test_a_too_long_content_length_comes_with_the_whole_body(simulated):
    async with simulated(switches=("long_length=1",)) as simulation:
        head, _, body = (await raw_poll(simulation)).partition(b"\r\n\r\n")
        promised = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        assert promised == len(body) + 64
        assert len(orjson.loads(body)["data"]) == 5


async def test_a_reset_is_a_reset_and_no_farewell(simulated):
    async with simulated(switches=("reset=1",)) as simulation:
        with pytest.raises(ConnectionResetError):
            await raw_poll(simulation)


async def test_a_hanging_request_is_never_answered_and_ends_with_the_caller_or_the_simulator(simulated, session):
    async with simulated(switches=("hang=1",)) as simulation:
        with pytest.raises(TimeoutError):
            await poll(session, simulation, patience=0.3)
        left = asyncio.create_task(poll(session, simulation, patience=30))
        await asyncio.sleep(0.1)
        began = time.monotonic()
    with pytest.raises(aiohttp.ClientError):
        await left
    assert time.monotonic() - began < 3


async def test_a_slow_drip_is_shown_when_it_is_through_and_not_when_the_caller_left(simulated, session):
    async with simulated(switches=("slow_drip=1",), drip_seconds=0.6) as simulation:
        # When
        with pytest.raises(TimeoutError):
            await poll(session, simulation, patience=0.2)
        left = list(simulation.ledger.entries())
        began = time.monotonic()
        _, body = await poll(session, simulation)

        # Then
        assert not left
        assert time.monotonic() - began > 0.5
        assert len(orjson.loads(body)["data"]) == len(list(simulation.ledger.entries())) == 5


async def test_oversized_bodies_and_bombs_have_the_size_that_is_set(simulated, session):
    size = 3 * 2**20
    async with simulated(oversized_bytes=size, bomb_bytes=size) as simulation:
        for name in ("oversized", "gzip_bomb"):
            # When
            simulation.turn(**{name: 1})
            packed = len(await raw_poll(simulation))
            _, body = await poll(session, simulation)
            simulation.turn(**{name: 0})

            # Then
            assert size <= len(body) < size + 1000
            assert (packed < size / 100) == (name == "gzip_bomb")
            assert not list(simulation.ledger.entries())


async def test_a_bad_gzip_body_is_no_gzip_or_half_of_one(simulated):
    bodies = []
    for history in (5, 6, 7, 8, 9, 10):
        async with simulated(switches=("bad_gzip=1",), history=history) as simulation:
            head, _, body = (await raw_poll(simulation)).partition(b"\r\n\r\n")
            assert b"content-encoding: gzip" in head.lower()
            bodies.append(body)
            with pytest.raises((EOFError, gzip.BadGzipFile)):
                gzip.decompress(body)
    assert {body.startswith(b"\x1f\x8b") for body in bodies} == {True, False}


async def test_the_ledger_holds_exactly_what_an_independent_client_could_read(simulated, session):
    # Given
    hostile = [switch.name for switch in (*TROUBLES, *TWISTS)] + ["poison", "nan", "broken_surrogate", "duplicate_keys"]
    switches = (*(f"{name}=0.04" for name in hostile), "ogmma.requests_per_minute=0")
    small = {"hang_seconds": 0.02, "drip_seconds": 0.02, "oversized_bytes": 10_000, "bomb_bytes": 10_000}
    async with simulated(rate=200.0, history=30, switches=switches, delete_share=0.1, **small) as simulation:
        # When
        read = set()
        for _ in range(400):
            try:
                response, body = await poll(session, simulation, limit="20")
            except aiohttp.ClientError:
                continue
            if response.status == 200:
                read |= readable(body)

        # Then
        shown = {entry.message.id for entry in simulation.ledger.entries() if entry.first_shown_ms is not None}
        assert len(read) > 50
        assert shown == read
        assert len(simulation.stats()["accounts"]["loja"]["hostile"]) == len(TROUBLES) + len(TWISTS)


def readable(body):
    """The ids of the rows of a page that a patient reader can make sense of."""
    try:
        rows = json.loads(body)["data"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return set()
    good = [row for row in rows or [] if isinstance(row, dict) and row["id"] and row["createdAt"][0] == "2"]
    return {row["id"] for row in good}


async def test_who_follows_a_redirect_with_the_key_is_counted(simulated, session):
    async with simulated(switches=("redirect=1",)) as simulation:
        # When
        response, _ = await poll(session, simulation)
        not_followed = simulation.stats()["redirects_followed"]
        key = simulation.world.accounts["loja"].api_key
        async with session.get(simulation.url + response.headers["Location"], headers={"X-Key": key}):
            pass

        # Then
        assert not_followed == 0
        assert simulation.stats()["redirects_followed"] == 1
        assert simulation.stats()["credentials_followed"] == 1


async def test_connections_are_refused_for_a_while_and_then_taken_again_on_the_same_port(simulated, session):
    async with simulated() as simulation:
        # When
        status, _ = await control(session, simulation, "refusals", seconds=0.5)
        await asyncio.sleep(0.15)
        with pytest.raises(aiohttp.ClientConnectorError):
            await poll(session, simulation)
        await asyncio.sleep(0.7)
        response, _ = await poll(session, simulation)

        # Then
        assert (status, response.status) == (200, 200)


async def test_a_message_put_in_is_shown_at_once_and_its_status_moves(simulated, session):
    async with simulated() as simulation:
        # Given
        conversation = simulation.world.accounts["loja"].conversations[0].id
        where = {"account": "loja", "conversation": conversation}

        # When
        status, made = await control(
            session, simulation, "messages", **where, text="exact", direction="outbound", status="sent"
        )
        _, first = await poll(session, simulation, limit="1")
        await control(session, simulation, "status", account="loja", message=made["messages"][0], status="read")
        await control(session, simulation, "edits", account="loja", message=made["messages"][0], text="more exact")
        _, second = await poll(session, simulation, limit="1")
        await control(session, simulation, "deletions", account="loja", message=made["messages"][0])
        _, third = await poll(session, simulation, limit="1")

        # Then
        assert status == 200
        (row,), (later,), (other,) = (orjson.loads(body)["data"] for body in (first, second, third))
        assert (row["id"], row["status"], row["content"], row["direction"]) == (
            made["messages"][0],
            "SENT",
            "exact",
            "OUTBOUND",
        )
        assert (later["id"], later["status"], later["content"]) == (row["id"], "READ", "more exact")
        assert other["id"] != row["id"]


async def test_many_messages_can_be_put_in_at_once_late_and_at_a_given_time(simulated):
    async with simulated() as simulation:
        conversation = simulation.world.accounts["clinica"].conversations[0]
        made = simulation.append("clinica", conversation.id, text="n", count=3, timestamp="2026-01-05T12:00:00Z")
        late = simulation.append("clinica", conversation.id, visible_in_seconds=3600)
        shown = {message.id: message for message in conversation.messages}
        assert [shown[name].text for name in made] == ["n 1", "n 2", "n 3"]
        assert {shown[name].at_ms for name in made} == {1767614400000}
        assert late[0] not in shown


async def test_a_new_conversation_can_be_opened(simulated, session):
    async with simulated() as simulation:
        for account in ("loja", "clinica"):
            status, made = await control(session, simulation, "conversations", account=account)
            assert status == 200
            assert simulation.append(account, made["conversation"])
            assert made["conversation"] in made["feed"].values()


@pytest.mark.parametrize(
    ("name", "asked", "told"),
    [
        ("messages", {"account": "loja"}, "missing conversation"),
        ("messages", {"account": "lojas", "conversation": "x"}, "no account 'lojas'; did you mean loja?"),
        ("messages", {"account": "loja", "conversation": "x"}, "no conversation 'x'"),
        ("messages", {"account": "loja", "conversation": "x", "txt": ""}, "no field 'txt'; did you mean text?"),
        ("status", {"account": "loja", "message": "x", "status": "read"}, "no message 'x'"),
        ("switches", {"poisn": 1}, "no switch 'poisn'; did you mean poison?"),
        ("switches", {"poison": "x"}, "it takes a number from 0 to 1"),
        ("refusals", {"seconds": -1}, "it takes a number up to 600"),
        ("nothing", {}, "there are switches, refusals, messages"),
    ],
)
async def test_a_wrong_request_to_the_control_plane_is_refused_with_a_reason(simulated, session, name, asked, told):
    async with simulated() as simulation:
        status, answer = await control(session, simulation, name, **asked)
        assert status == 400
        assert told in answer["error"]


async def test_switches_turn_while_it_runs_for_one_account(simulated, session):
    async with simulated() as simulation:
        # When
        status, _ = await control(session, simulation, "switches", account="loja", html=1)
        response, _ = await poll(session, simulation)

        # Then
        assert status == 200
        assert response.headers["Content-Type"].startswith("text/html")
        async with session.get(f"{simulation.url}/_simulator/switches") as answer:
            told = await answer.json()
        assert told["accounts"]["loja"]["html"] == 1
        assert told["accounts"]["clinica"]["html"] == 0


async def test_stats_accounts_and_ledger_are_told(simulated, session):
    async with simulated(switches=("ogmma.requests_per_minute=2",)) as simulation:
        # Given
        for _ in range(3):
            await poll(session, simulation)

        # When
        told = {}
        for name in ("stats", "accounts", "ledger"):
            async with session.get(f"{simulation.url}/_simulator/{name}") as answer:
                told[name] = await answer.read()

        # Then
        stats, accounts = orjson.loads(told["stats"]), orjson.loads(told["accounts"])
        assert stats["providers"]["ogmma"] == {
            "existing": 10,
            "visible": 10,
            "deleted": 0,
            "retired": 0,
            "shown": 5,
            "poisoned": 0,
            "never_shown": 5,
            "requests": 3,
            "strangers": 0,
            "too_many": 1,
        }
        assert stats["accounts"]["loja"]["requests_last_60_s"] == 3
        assert stats["accounts"]["loja"]["requests_most_in_60_s"] == 3
        assert stats["quiet"]
        assert len(told["ledger"].splitlines()) == 5
        assert [account["base_url"] for account in accounts] == ["/ogmma/v1", "/99digital/whatsapp/v2"]
        assert accounts[1]["number"] == simulation.world.accounts["clinica"].channels[0].number


async def test_time_goes_on_by_itself_and_faster_where_it_should(simulated):
    async with simulated(rate=5.0, speed=1000.0) as simulation:
        await asyncio.sleep(0.1)
        assert simulation.stats()["arrived"] > 200


async def test_a_port_in_use_is_told(simulated):
    async with simulated() as simulation:
        port = int(simulation.url.rpartition(":")[2])
        with pytest.raises(StopWorker, match=f"cannot listen on 127.0.0.1:{port}"):
            await serve(SimulationSettings(port=port))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_ends_cleanly_on_a_signal(number):
    # Given
    program = (
        "from workers.simulator import SimulationSettings, run\n"
        "run(SimulationSettings(providers=('ogmma', '99digital')), lambda line: print(line, flush=True))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        greeting = [process.stdout.readline() for _ in range(4)]

        # When
        process.send_signal(number)
        rest, errors = process.communicate(timeout=10)

    # Then
    assert greeting[0].startswith("simulated providers listen on http://127.0.0.1:")
    assert "loja: ogmma" in greeting[1]
    assert (process.returncode, rest, errors) == (0, "the simulator has stopped\n", "")


def test_the_simulator_shares_no_code_with_what_it_judges():
    judged = ("workers.providers", "workers.polling", "workers.model", "workers.stream", "workers.times")
    program = f"import sys, workers.simulator\nprint([name for name in sys.modules if name.startswith({judged})])"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


async def raw_poll(simulation):
    """The bytes that come back for one poll, until the connection ends."""
    account = simulation.world.accounts["loja"]
    conversation = account.conversations[0]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(simulation.url.rpartition(":")[2]))
    try:
        writer.write(
            f"GET /ogmma/v1/channels/{conversation.channel.id}/conversations/{conversation.id} HTTP/1.1\r\n"
            f"Host: x\r\nAuthorization: Bearer {account.api_key}\r\nConnection: close\r\n\r\n".encode()
        )
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()
