"""The jars of the embedded broker: locked, fetched once, checked."""

from pathlib import Path

import pytest

from workers.broker import jars
from workers.errors import BrokerUnreachable


@pytest.fixture
def small_lock(tmp_path, monkeypatch) -> Path:
    """A lock of one jar that is in the local Maven repository, and a cache that is empty."""
    jar = tmp_path / "maven" / "org" / "example" / "one" / "1.0" / "one-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(b"jar")
    monkeypatch.setenv("AFLUENTE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("M2_REPO", str(tmp_path / "maven"))
    monkeypatch.setenv("JGO_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setattr("jgo.constants.MAVEN_CENTRAL_URL", "http://127.0.0.1:1")
    lock = tmp_path / "lock.toml"
    digest = jars._sha256(jar)
    lock.write_text(f'kafka = "0"\n[jars]\n"org.example:one:1.0" = "{digest}"\n')
    return lock


def test_jars_are_fetched_once_and_then_used_without_network(small_lock, tmp_path):
    # Given
    said: list[str] = []
    first = jars.class_path(said.append, small_lock)
    # When nothing can be fetched any more
    (tmp_path / "maven").rename(tmp_path / "elsewhere")
    second = jars.class_path(said.append, small_lock)
    # Then
    assert first == second
    assert first[0].read_bytes() == b"jar"
    assert len(said) == 1


def test_a_jar_that_was_changed_in_the_cache_is_refused(small_lock):
    (jar,) = jars.class_path(str, small_lock)
    jar.write_bytes(b"bad")
    with pytest.raises(BrokerUnreachable, match=r"one-1.0.jar is not the jar of .* Remove .* to fetch it again"):
        jars.class_path(str, small_lock)


def test_a_jar_that_is_not_the_locked_one_is_not_taken(small_lock, tmp_path):
    # Given a local copy with other contents, and no network
    (tmp_path / "maven/org/example/one/1.0/one-1.0.jar").write_bytes(b"other")
    # When / Then nothing of it stays
    with pytest.raises(BrokerUnreachable, match=r"org.example:one:1.0 could not be downloaded"):
        jars.class_path(str, small_lock)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["kafka.lock"]
