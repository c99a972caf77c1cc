"""`afluente run`: one worker, from its configuration to the last line that it logs."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import click

from workers import logs
from workers.cli.context import Configuration, configured, told
from workers.errors import NotDrained, StopWorker, TopicError
from workers.polling.fetch import Fetcher
from workers.redaction import Redactor
from workers.service import Service, reachable
from workers.settings.settings import Settings
from workers.stream import topics
from workers.wiring import Wiring, known_metrics, worker_id
from workers.worker import Worker
from workers.worker_report import WorkerReport

#: Seconds beyond `shutdown_seconds` after which the process ends itself, whatever still hangs.
LAST_RESORT_SECONDS = 1.0


@click.command()
@configured
@told
def run(configuration: Configuration) -> None:
    """Run one worker until SIGTERM or SIGINT.

    Polls the accounts of the configuration and publishes to Kafka. Serves /metrics, /healthz and /readyz on
    service.listen; logs JSON lines on stderr. Start as many as you like: they share the work by themselves.

    \b
    Exit codes: 0 drained, 1 failed (let the supervisor start it again), 2 wrong configuration,
    130/143 ended by SIGINT/SIGTERM with work that could not be committed in time.
    """  # noqa: D301 - click looks for the character itself: it keeps these lines as they are
    settings = configuration.settings()
    logs.configure("info", Redactor(settings.secrets()))
    sys.exit(_loop().run(_Process(settings).run()))


def _loop() -> asyncio.Runner:
    try:
        import uvloop  # noqa: PLC0415 - not made for every platform
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def spare_the_collector() -> None:
    """What a process has imported and wired stays for good: the garbage collector shall not look at it any more.

    Else each of its full collections, one in some minutes, stops the event loop for 60 ms more.
    """
    gc.collect()
    gc.freeze()


class _Process:
    """The process around a worker: topics, service, signals."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._log = logs.logger("run")
        self._signal: signal.Signals | None = None
        self._worker: Worker | None = None
        self._metrics = known_metrics(settings)
        #: What is told of the process until Kafka has answered.
        self._report = WorkerReport(worker_id(settings), self._metrics)

    async def run(self) -> int:
        """The exit code; why it is not 0 is logged. Raises ConfigurationError."""
        service = Service(self._settings.service.address, self._metrics, self._ready, self._explain)
        fetcher = Fetcher.pooled(len(self._settings.accounts))
        try:
            self._worker = await self._made(service, fetcher)
            spare_the_collector()
            if self._worker is not None:
                await self._worker.run()
        except NotDrained as error:
            self._log.error("not_drained", error=str(error))
            return 128 + (self._signal or signal.SIGTERM)
        except StopWorker as error:
            self._log.error("stopped", error=str(error))
            return 1
        finally:
            await service.stop()
            await fetcher.close()
        return 0

    async def _made(self, service: Service, fetcher: Fetcher) -> Worker | None:
        """The worker; None: told to stop before anything was begun. Raises StopWorker."""
        making = asyncio.current_task()
        self._on_signals(lambda: making.cancel() if making else None)
        try:
            # Before Kafka is asked for anything: health depends on nobody, and an address in use is told at once.
            address = await service.start()
            self._log.info("serving", address=address, accounts=sorted(self._settings.accounts))
            worker = Wiring(self._settings, await self._limits(), self._metrics, fetcher).worker()
        except asyncio.CancelledError:
            return None
        worker.serve_at(reachable(address))
        self._on_signals(worker.stop)
        return worker

    def _ready(self) -> dict[str, Any]:
        """What `/readyz` tells; until Kafka has answered there is no worker, and no group is joined."""
        if self._worker is not None:
            return self._worker.ready()
        return {**self._report.details(joined=False, draining=False, shards={}), "accounts": {}}

    def _explain(self, key: str) -> dict[str, Any]:
        return self._worker.explain(key) if self._worker else {"feed": key}

    async def _limits(self) -> dict[str, int]:
        """`max.message.bytes` of the topics that are published to, once all topics are right."""
        settings = self._settings
        if settings.kafka.create_topics:
            await topics.create(settings.kafka, settings.topics)
        report = await topics.check(settings.kafka, settings.topics)
        if report.problems:
            raise TopicError("; ".join(report.problems))
        return report.limits

    def _on_signals(self, act: Callable[[], object]) -> None:
        def received(which: signal.Signals) -> None:
            self._signal = which
            act()
            # A library call that hangs must not keep the process beyond its time.
            loop.call_later(self._settings.service.shutdown_seconds + LAST_RESORT_SECONDS, self._end_now)

        loop = asyncio.get_running_loop()
        for which in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(which, received, which)

    def _end_now(self) -> None:
        self._log.error("not_drained", error="the shutdown hung; nothing more was committed, nothing is lost")
        os._exit(128 + (self._signal or signal.SIGTERM))
