"""The embedded store with real processes: how it starts, what it keeps, why it cannot start."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.store import StoreUnusable, connect, wait_for
from engine.store_embedded import EmbeddedStore, Fsync
from engine.store_process import command_of

BOUND_S = 60.0
Start = Callable[..., EmbeddedStore]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def started(folder: Path) -> Iterator[Start]:
    """Starts stores on `folder` that are stopped with the test."""
    with contextlib.ExitStack() as running:

        def start(fsync: Fsync = "everysec") -> EmbeddedStore:
            store = EmbeddedStore.start(folder, fsync=fsync)
            running.callback(store.stop)
            return store

        yield start


def test_what_was_written_is_there_after_a_stop_and_a_start(started: Start) -> None:
    first = started()
    with contextlib.closing(connect(first.url)) as client:
        client.set("acknowledged", "yes")
    first.stop()
    first.stop()
    assert not command_of(first.pid)
    second = started()
    assert not second.taken_over
    with contextlib.closing(connect(second.url)) as client:
        assert client.get("acknowledged") == b"yes"


def test_it_loses_nothing_and_is_private(started: Start, folder: Path) -> None:
    store = started(fsync="always")
    facts = wait_for(store.url, BOUND_S)
    assert (facts.flavour, facts.append_only, facts.fsync) == ("valkey", True, "always")
    assert (facts.eviction_policy, facts.warnings) == ("noeviction", ())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "valkey.sock").stat().st_mode & 0o777 == 0o600
    with contextlib.closing(connect(store.url)) as client:
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("save") == {"save": ""}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_valkey_has_its_own_session_and_no_file_of_ours(started: Start, folder: Path) -> None:
    store = started()
    opened = [os.readlink(file) for file in Path(f"/proc/{store.pid}/fd").iterdir()]
    assert os.getsid(store.pid) == store.pid
    assert os.devnull in opened
    assert str(folder / "server.lock") not in opened


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreUnusable) as refused:
            EmbeddedStore.start(place)
        assert f"{place} (store.data_dir): not a folder" in str(refused.value)


def test_a_corrupt_file_is_told_in_valkeys_words(started: Start, folder: Path) -> None:
    started().stop()
    (file,) = (folder / "appendonlydir").glob("*.incr.aof")
    file.write_bytes(b"*3\r\n$3\r\nSET\r\nGARBAGE\r\n$1\r\n1\r\n")
    before = file.read_bytes()
    with pytest.raises(StoreUnusable) as refused:
        EmbeddedStore.start(folder)
    assert "Bad file format reading the append only file" in str(refused.value)
    assert str(folder / "valkey.log") in str(refused.value)
    assert file.read_bytes() == before
