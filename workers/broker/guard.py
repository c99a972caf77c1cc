"""Our end of the pipe to the guardian (see `guardian.py`): start, signal and watch processes through it."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workers.errors import BrokerUnreachable

#: Seconds that the guardian gets to end its children before we stop waiting for it (it goes on by itself).
END_SECONDS = 15.0


class Guard:
    """A running guardian. Its children end with this process, or at `close`, whichever comes first.

    `inherited` are descriptors (locks) which the guardian holds as long as it lives.
    """

    def __init__(self, directory: Path, *, keep: bool, inherited: Sequence[int] = ()) -> None:
        script = Path(__file__).with_name("guardian.py")
        self._process = subprocess.Popen(  # noqa: S603 - our own script under our own interpreter
            [sys.executable, "-I", "-S", str(script), str(os.getpid()), str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            pass_fds=tuple(inherited),
        )
        self._lock = threading.Lock()
        self._number = 0
        if keep:
            self.keep()

    def start(self, name: str, argv: list[str], log: Path) -> int:
        """Start a process under a name, its output appended to `log`; returns its id."""
        return self._ask("start", name=name, argv=argv, log=str(log)) or 0

    def signal(self, name: str, code: int) -> None:
        """Send a signal to a process."""
        self._ask("signal", name=name, code=int(code))

    def status(self, name: str) -> int | None:
        """The exit code of a process (negative: its signal), or None while it runs."""
        return self._ask("status", name=name)

    def wait(self, name: str, seconds: float) -> int | None:
        """The exit code once a process has ended; None if it did not within `seconds`."""
        deadline = time.monotonic() + seconds
        while (code := self.status(name)) is None and time.monotonic() < deadline:
            time.sleep(0.01)
        return code

    def keep(self) -> None:
        """Leave the directory in place at the end."""
        self._ask("keep")

    def close(self) -> None:
        """End the children and remove the directory. May be called again, and after an interrupted call."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)

    def _ask(self, act: str, **arguments: object) -> int | None:
        stdin, stdout = self._process.stdin, self._process.stdout
        with self._lock:
            if stdin is None or stdout is None or stdin.closed:
                raise BrokerUnreachable("The embedded broker has been stopped.")
            self._number += 1
            reply = self._exchange({"number": self._number, "do": act, **arguments})
        if "error" in reply:
            raise BrokerUnreachable(f"The embedded broker's guardian could not {act}: {reply['error']}")
        answer: int | None = reply["answer"]
        return answer

    def _exchange(self, command: dict[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        try:
            os.write(stdin.fileno(), json.dumps(command).encode() + b"\n")  # type: ignore[union-attr]
            while line := stdout.readline():  # type: ignore[union-attr]
                reply: dict[str, Any] = json.loads(line)
                if reply["number"] == command["number"]:  # an older one answers a call that was interrupted
                    return reply
        except BrokenPipeError:
            pass
        raise BrokerUnreachable("The embedded broker's guardian process has ended; its broker ended with it.")
