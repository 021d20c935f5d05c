"""The embedded store's folder: where its socket lies and what Valkey is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.store import StoreUnusable
from engine.store_embedded import SOCKET_PATH_BYTES, settings_for, socket_path
from engine.store_process import config_text

TEMPORARY = Path("/tmp")
LONGEST = SOCKET_PATH_BYTES - len("/valkey.sock")


def test_the_socket_lies_in_the_folder_up_to_the_longest_path_a_socket_may_have() -> None:
    folder = Path("/" + "d" * (LONGEST - 1))
    assert socket_path(folder, TEMPORARY) == folder / "valkey.sock"


def test_one_byte_more_moves_the_socket_to_the_same_short_folder_every_time() -> None:
    folder = Path("/" + "d" * LONGEST)
    path = socket_path(folder, TEMPORARY)
    assert path == socket_path(folder, TEMPORARY)
    assert path.is_relative_to(TEMPORARY)
    assert len(os.fsencode(path)) <= SOCKET_PATH_BYTES
    assert path != socket_path(Path("/" + "e" * LONGEST), TEMPORARY)


def test_a_path_is_measured_in_bytes_not_in_letters() -> None:
    folder = Path("/" + "ü" * (LONGEST // 2 + 1))
    assert socket_path(folder, TEMPORARY).is_relative_to(TEMPORARY)


def test_when_both_paths_are_too_long_the_refusal_names_both_settings() -> None:
    with pytest.raises(StoreUnusable, match=r"store\.data_dir.*TMPDIR"):
        socket_path(Path("/" + "d" * LONGEST), Path("/" + "t" * LONGEST))


def test_valkey_is_told_to_keep_everything_and_to_open_no_port() -> None:
    text = config_text(Path("/var/e"), Path("/var/e/valkey.sock"), settings_for("always"))
    lines = set(text.splitlines())
    assert {"port 0", 'save ""', "appendonly yes", "appendfsync always"} <= lines
    assert {"maxmemory-policy noeviction", "unixsocketperm 600", 'dir "/var/e"'} <= lines


def test_marks_in_a_path_cannot_end_its_line_or_its_quotes() -> None:
    folder = Path('/a b"\n\\ü')
    text = config_text(folder, folder / "valkey.sock", {})
    (line,) = [line for line in text.splitlines() if line.startswith("dir ")]
    assert line == r'dir "/a\x20b\x22\x0a\x5c\xc3\xbc"'
