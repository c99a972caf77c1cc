"""The process that ends a broker with the program that started it.

It runs as a script of its own (standard library only, so it starts in a few milliseconds) in its own session, so
a terminal's Ctrl-C does not reach it. It starts the Java processes, and holds a pipe to its parent: when the pipe
closes or the parent is gone, for whatever reason, it kills them and removes the broker's directory.

Arguments: parent's process id, directory to remove at the end. Standard input takes one JSON object a line
(`number`, `do`, arguments), standard output answers each with one (`number`, and `answer` or `error`).
"""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

#: Seconds between two looks at the parent. The pipe tells at once, unless a fork of the parent inherited it.
LOOK_SECONDS = 0.5


class Guardian:
    """The children, by name, and whether their directory goes with them."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.keeps = False
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, argv: list[str], log: str) -> int:
        """Start a process whose output is appended to `log`; returns its id."""
        with Path(log).open("ab") as output:
            child = subprocess.Popen(  # noqa: S603 - the broker room's own command line
                argv,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.children[name] = child
        return child.pid

    def signal(self, name: str, code: int) -> None:
        """Send a signal; one that has ended is left alone."""
        self.children[name].send_signal(code)

    def status(self, name: str) -> int | None:
        """The exit code of a process, or None while it runs."""
        return self.children[name].poll()

    def keep(self) -> None:
        """Leave the directory where it is at the end."""
        self.keeps = True

    def end(self) -> None:
        """Kill all children, reap them, remove what they wrote."""
        for child in self.children.values():
            child.kill()
        for child in self.children.values():
            child.wait()
        if not self.keeps:
            shutil.rmtree(self.directory, ignore_errors=True)

    def obey(self, line: bytes) -> None:
        """Do what one line says, and answer it."""
        command: dict[str, Any] = json.loads(line)
        number, act = command.pop("number"), command.pop("do")
        acts: dict[str, Callable[..., int | None]] = {
            "start": self.start,
            "signal": self.signal,
            "status": self.status,
            "keep": self.keep,
        }
        try:
            answer = {"number": number, "answer": acts[act](**command)}
        except (OSError, KeyError) as error:
            answer = {"number": number, "error": f"{type(error).__name__}: {error}"}
        os.write(1, json.dumps(answer).encode() + b"\n")


def lines_from(parent: int) -> Iterator[bytes]:
    """Whole lines of standard input, until it closes or the parent is gone."""
    pending = b""
    while os.getppid() == parent:
        if not select.select([0], [], [], LOOK_SECONDS)[0]:
            continue
        received = os.read(0, 65_536)
        if not received:
            return
        *lines, pending = (pending + received).split(b"\n")
        yield from lines


def leave(number: int, _: FrameType | None) -> None:
    """A polite request to end goes the same way as the parent's death."""
    raise SystemExit(128 + number)


def main() -> None:
    """Obey until the parent is gone, then clean up."""
    guardian = Guardian(sys.argv[2])
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    try:
        for line in lines_from(int(sys.argv[1])):
            guardian.obey(line)
    except BrokenPipeError:
        pass  # the parent died between its question and our answer
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        guardian.end()


if __name__ == "__main__":
    main()
