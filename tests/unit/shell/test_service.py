"""What a worker serves over HTTP."""

import asyncio

import aiohttp
import pytest

from workers.errors import StopWorker
from workers.metrics import Metrics
from workers.service import STOP_SECONDS, Service, reachable


@pytest.fixture
async def service():
    ready = {"ready": True}
    made = Service(("127.0.0.1", 0), Metrics(), lambda: ready, lambda key: {"feed": key, "sentence": "due in 3 s"})
    made.told = ready
    made.url = await made.start()
    yield made
    await made.stop()


async def asked(url: str):
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text(), answer.content_type


async def test_readiness_is_a_status_and_its_details(service):
    assert await asked(f"{service.url}/readyz") == (200, '{"ready":true}', "application/json")
    service.told["ready"] = False
    assert (await asked(f"{service.url}/readyz"))[0] == 503


async def test_health_says_that_the_loop_turns_whatever_else_is_wrong(service):
    service.told["ready"] = False
    assert (await asked(f"{service.url}/healthz"))[0] == 200


async def test_metrics_are_text_that_prometheus_reads(service):
    status, text, kind = await asked(f"{service.url}/metrics")
    assert (status, kind) == (200, "text/plain")
    assert "# HELP afluente_build_info" in text


async def test_a_feed_is_explained_by_its_key(service):
    status, text, _ = await asked(f"{service.url}/explain?feed=loja%2F66aa%2F01")
    assert (status, text) == (200, '{"feed":"loja/66aa/01","sentence":"due in 3 s"}')


async def test_a_request_that_never_ends_does_not_hold_up_the_end_of_the_worker():
    # Given a request whose body does not come
    service = Service(("127.0.0.1", 0), Metrics(), dict, lambda _: {})
    port = int((await service.start()).rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
    await asyncio.sleep(0.1)
    # When / Then
    async with asyncio.timeout(STOP_SECONDS + 2):
        await service.stop()
    writer.close()


async def test_an_address_in_use_is_named(service):
    port = int(service.url.rpartition(":")[2])
    other = Service(("127.0.0.1", port), Metrics(), dict, lambda _: {})
    with pytest.raises(StopWorker, match=f"127.0.0.1:{port}"):
        await other.start()


def test_a_service_on_all_addresses_is_told_by_the_name_of_its_machine(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "worker-7")
    assert reachable("http://0.0.0.0:9464") == "http://worker-7:9464"
    assert reachable("http://[::]:9464") == "http://worker-7:9464"
    assert reachable("http://10.0.0.3:9464") == "http://10.0.0.3:9464"
