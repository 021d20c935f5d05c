"""The parts of `make run` that need no server: secret, port, stamp."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from web.cli.client import Api
from web.cli.failures import Failure
from web.cli.knowledge_stamp import Stamp, fingerprint, name_of
from web.cli.run import own_secret
from web.cli.server_process import refuse_used_port


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "var" / "jwt-secret"
    secret = own_secret(path)
    assert len(secret) >= 48
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert own_secret(path) == secret


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "jwt-secret").touch()
    with pytest.raises(Failure, match="is empty"):
        own_secret(tmp_path / "jwt-secret")


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Failure, match=f"Port {port} is in use"):
            refuse_used_port("127.0.0.1", port)
    refuse_used_port("127.0.0.1", port)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "kb"
    folder.mkdir()
    (folder / "a.md").write_text("# A\n\nText.\n")
    return folder


@pytest.fixture
def api(server: Any) -> Iterator[Api]:
    server.answer = lambda asked: (200, {"accepted": 1, "refused": []})
    with Api(server.url) as found:
        yield found


def imports(server: Any) -> int:
    return len(server.said("PUT", "/v1/documents"))


def test_documents_that_did_not_change_are_imported_once(
    server: Any, api: Api, source: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        Stamp(tmp_path / "note.json", source).import_if_changed(api)
    assert imports(server) == 1


def test_documents_that_changed_are_imported_again(
    server: Any, api: Api, source: Path, tmp_path: Path
) -> None:
    stamp = Stamp(tmp_path / "note.json", source)
    stamp.import_if_changed(api)
    (source / "a.md").write_text("# A\n\nAnother text.\n")
    stamp.import_if_changed(api)
    assert imports(server) == 2


def test_a_store_that_was_emptied_gets_its_documents_back(
    server: Any, api: Api, source: Path, tmp_path: Path, refuse: Any
) -> None:
    stamp = Stamp(tmp_path / "note.json", source)
    stamp.import_if_changed(api)
    server.answer = lambda asked: (
        refuse("not_found", 404) if asked.method == "GET" else (200, {"accepted": 1, "refused": []})
    )
    stamp.import_if_changed(api)
    assert imports(server) == 2


def test_a_note_that_is_ill_is_no_note(server: Any, api: Api, source: Path, tmp_path: Path) -> None:
    (tmp_path / "note.json").write_text("[")
    Stamp(tmp_path / "note.json", source).import_if_changed(api)
    assert imports(server) == 1
    assert json.loads((tmp_path / "note.json").read_text())["first_id"] == "a"


def test_a_fingerprint_is_of_names_and_bytes(source: Path) -> None:
    before = fingerprint(source)
    assert fingerprint(source) == before
    (source / "a.md").rename(source / "b.md")
    assert fingerprint(source) != before


def test_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    one, two = tmp_path / "x" / "calls", tmp_path / "y" / "calls"
    assert name_of(one).startswith("calls-")
    assert name_of(one) != name_of(two)
