"""`afluente run` before Kafka has answered: it is alive, says that it is not ready, and ends when it is told to."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

#: Seconds for a process to import everything and to listen.
STARTS_SECONDS = 20.0

CONFIGURATION = """
[kafka]
bootstrap_servers = ["127.0.0.1:1"]
[service]
listen = "127.0.0.1:{port}"
[accounts.loja]
provider = "ogmma"
api_key = {{ env = "LOJA_KEY" }}
"""


@pytest.fixture
def listening():
    """A port that is taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def start(folder, port) -> subprocess.Popen:
    (folder / "afluente.toml").write_text(CONFIGURATION.format(port=port))
    return subprocess.Popen(
        [sys.executable, "-m", "workers", "-c", str(folder / "afluente.toml"), "run"],
        env={**os.environ, "LOJA_KEY": "oapi_sk_live_0123456789abcdef"},
        stderr=subprocess.PIPE,
        text=True,
    )


def got(port: int, path: str) -> tuple[int, dict]:
    """What an address answers, once it does."""
    end = time.monotonic() + STARTS_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            assert time.monotonic() < end, "nobody listens"
            time.sleep(0.05)


def test_a_worker_without_kafka_is_alive_and_not_ready_and_ends_when_it_is_told_to(tmp_path, free_port):
    process = start(tmp_path, free_port)
    try:
        # Given a worker whose broker does not answer, then
        assert got(free_port, "/healthz") == (200, {"alive": True})
        status, told = got(free_port, "/readyz")
        assert (status, told["ready"], told["state"], told["joined"]) == (503, False, "joining", False)
        assert got(free_port, "/explain?feed=loja/1/2")[0] == 200
        # When it is told to stop
        process.send_signal(signal.SIGTERM)
        # Then nothing was begun, so nothing is left
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.communicate()


def test_an_address_in_use_is_named_whether_kafka_answers_or_not(tmp_path, listening):
    process = start(tmp_path, listening)
    try:
        _, told = process.communicate(timeout=STARTS_SECONDS)
    finally:
        process.kill()
    assert process.returncode == 1
    # And a program that reads the logs can read this line, too
    assert f"cannot listen on 127.0.0.1:{listening} (address already in use)" in json.loads(told)["error"]
