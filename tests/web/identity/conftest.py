"""A real store for what is kept of people who sign in, and a small real provider."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest
import redis

from engine.store import connect, wait_for
from engine.store_embedded import EmbeddedStore
from tests.web.identity.issuer import Issuer, issuer
from tests.web.identity.sign_in_place import Place


@pytest.fixture(scope="session")
def store_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    store = EmbeddedStore.start(tmp_path_factory.mktemp("identity"))
    wait_for(store.url, 10)
    with contextlib.closing(connect(store.url)) as client:
        yield client
    store.stop()


@pytest.fixture
def found() -> Iterator[Issuer]:
    with issuer() as one:
        yield one


@pytest.fixture
def place(found: Issuer, store_client: redis.Redis) -> Callable[..., Place]:
    return lambda **fields: Place(found, store_client, **fields)
