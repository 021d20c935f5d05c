"""A person signs in at a real provider, at a real server, and their page's token opens a socket."""

from __future__ import annotations

from pathlib import Path

import requests

from tests.live.raw_client import RawClient
from tests.live.server import running
from tests.web.identity.issuer import BACK, CLIENT, SECRET, issuer

URL = BACK.removesuffix("/sign-in/callback")
OWN = {"X-Earshot-Page": "1", "Origin": URL}


def test_from_the_desks_address_to_a_socket_and_out_again(tmp_path: Path) -> None:
    with (
        issuer() as provider,
        running(
            tmp_path / "server",
            EARSHOT__SIGN_IN__ISSUER=provider.url,
            EARSHOT__SIGN_IN__CLIENT_ID=CLIENT,
            EARSHOT__SIGN_IN__URL=URL,
            SIGN_IN_SECRET=SECRET,
        ) as server,
        requests.Session() as browser,
    ):

        def go(address: str) -> str:
            """Where an address sends the browser. The server listens on a port of its own."""
            address = address if address.startswith("http") else URL + address
            response = browser.get(address.replace(URL, server.url), allow_redirects=False)
            assert response.status_code in (302, 303), response.text
            return response.headers["Location"]

        assert go("/") == "/sign-in?next=%2F"
        back = go(go("/sign-in?next=%2F"))
        assert back.startswith(BACK)
        assert go(back) == "/"

        answer = browser.post(server.url + "/sign-in/token", headers=OWN)
        body = answer.json()
        assert (body["agent_id"], body["tenant"]) == ("ann", "acme")
        with RawClient(server.url, {"token": body["token"]}) as client:
            assert client.ok("client:report", {"paint_ms": []}) == {}
            assert browser.post(server.url + "/sign-out", headers=OWN).ok
            assert browser.post(server.url + "/sign-in/token", headers=OWN).status_code == 401
        assert body["token"] not in server.log
        assert browser.cookies.get("earshot") is None
