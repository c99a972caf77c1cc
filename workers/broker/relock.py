"""Renews `kafka.lock.toml`: resolves the coordinates below and writes down every jar with its digest.

Run it as `python -m workers.broker.relock` after changing them, and read the difference before committing.
"""

import tempfile
from pathlib import Path

import jgo

from workers.broker.jars import LOCK

VERSION = "4.3.0"
#: kafka-clients is named because the resolver picks 3.8.0 by itself, and the broker then dies with
#: NoSuchMethodError; the log4j binding because without it the broker logs nothing.
WANTED = (
    f"org.apache.kafka:kafka_2.13:{VERSION}",
    f"org.apache.kafka:kafka-clients:{VERSION}",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3",
)
HEAD = "# What the embedded broker is made of. Written by: python -m workers.broker.relock\n"


def main() -> None:
    """Resolve, download, write."""
    with tempfile.TemporaryDirectory() as cache:
        lock = jgo.build("+".join(WANTED), cache_dir=Path(cache)).lockfile
    found = lock.dependencies if lock else []
    jars = sorted((f"{one.groupId}:{one.artifactId}:{one.version}", one.sha256) for one in found)
    lines = [f'"{coordinates}" = "{digest}"' for coordinates, digest in jars]
    LOCK.write_text(f'{HEAD}kafka = "{VERSION}"\n\n[jars]\n' + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
