"""deploy/nginx.conf with the real nginx and two nodes: polling, WebSockets and default clients,
a node that leaves and one that is killed.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from engine.store_embedded import EmbeddedStore
from tests.live.comers import Comer
from tests.live.nginx import nginx
from tests.live.plain_clients import TRANSPORTS, PlainClient, burst_of, hear_everything
from tests.live.rolling import load
from tests.live.server import BOUND_S, START_S, LiveServer, line, new_id, running, until

HANDSHAKES = 8


class Site(NamedTuple):
    port: int
    nodes: dict[str, LiveServer]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with contextlib.ExitStack() as up:
        store = EmbeddedStore.start(folder / "store")
        up.callback(store.stop)
        nodes = {
            name: up.enter_context(
                running(folder / name, REDIS_URL=store.url, EARSHOT__SERVER__NAME=name)
            )
            for name in ("left", "right")
        }
        ports = [node.port for node in nodes.values()]
        yield Site(up.enter_context(nginx(folder / "nginx", *ports)), nodes)


def handshake(site: Site) -> str:
    """The new session's id."""
    address = f"{site.url}/socket.io/?EIO=4&transport=polling"
    return str(json.loads(requests.get(address, timeout=BOUND_S).text[1:])["sid"])


def test_handshakes_go_to_both_and_every_request_to_its_session(site: Site) -> None:
    sids = [handshake(site) for _ in range(HANDSHAKES)]
    assert {sid.split(".")[0] for sid in sids} == {"left", "right"}
    token = site.nodes["left"].token(new_id("agent"))
    for sid in sids:
        address = f"{site.url}/socket.io/?EIO=4&transport=polling&sid={sid}"
        body = "40" + json.dumps({"token": token})
        assert requests.post(address, body, timeout=BOUND_S).text == "ok"
        assert requests.get(address, timeout=BOUND_S).text.startswith('40{"sid"')
        comer = Comer(site.port)
        comer.open(sid)
        comer.say("2probe")
        comer.hear(b"3probe")
        comer.say("5", '421["client:report",{"paint_ms":[1]}]')
        comer.hear(b'431[{"ok":true')
        comer.leave()


def test_unmodified_clients_hear_everything(site: Site) -> None:
    hear_everything(site.nodes["left"], site.url, finals=20)


def test_a_node_that_leaves_and_one_that_is_killed_cost_nobody_anything(site: Site) -> None:
    left, right = site.nodes.values()
    agent_id = new_id("agent")
    call_id = left.caller().create(agent_id)
    burst = burst_of(left, agent_id, call_id)
    with contextlib.ExitStack() as clients:
        plain = []
        for transports in TRANSPORTS:
            plain.append(PlainClient("socket.io-client", transports, site.url, burst))
            clients.callback(plain[-1].close)
        for client in plain:
            client.until("call:status")
        with load(left, lambda: [site.url], lambda: [site.port]) as outcome:
            outcome.go_on(0.7)
            assert left.stop() == 0
            outcome.go_on(0.7)
            left.start()
            outcome.go_on(0.7)
            right.kill()
            outcome.go_on(0.7)
            right.start()
            outcome.go_on(0.7)
        assert outcome.faultless, outcome
        assert len(outcome.away_s) >= 12  # each was on one of them, some on both
        last = left.caller().say(call_id, line("last", speaker="agent"))[0]["seq"]
        for client in plain:
            until(lambda client=client: last in client.seqs(), START_S, client.heard.__repr__)
            assert client.named("(ended)") == [], client.name


def test_what_one_node_says_of_itself_is_not_shown(site: Site) -> None:
    assert requests.get(f"{site.url}/metrics", timeout=BOUND_S).status_code == 404
    assert requests.get(f"{site.url}/readyz", timeout=BOUND_S).status_code == 200


def test_the_configuration_is_the_one_in_the_checkout(tmp_path: Path) -> None:
    """Of a file that nginx would not take no test here could pass; this one says so first."""
    with nginx(tmp_path / "alone", 1, 2) as port:
        answer = requests.get(f"http://127.0.0.1:{port}/readyz", timeout=BOUND_S)
        assert answer.status_code == 502
