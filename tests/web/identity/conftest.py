"""A real store for what is kept of people who sign in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
import redis

from engine.store import connect, wait_for
from engine.store_embedded import EmbeddedStore


@pytest.fixture(scope="session")
def store_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    store = EmbeddedStore.start(tmp_path_factory.mktemp("identity"))
    wait_for(store.url, 10)
    with contextlib.closing(connect(store.url)) as client:
        yield client
    store.stop()
