"""REDIS_URL: what is accepted, what is refused in which words, and what is never shown."""

from __future__ import annotations

import pytest
from redis.connection import SSLConnection, UnixDomainSocketConnection

from engine.store import StoreUnusable, address, connect
from engine.store_url import read


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://store", "redis://store:6379"),
        ("redis://store:7000/3", "redis://store:7000/3"),
        ("redis://user:secret@store:7000/0", "redis://store:7000/0"),
        ("redis://[::1]:7000", "redis://[::1]:7000"),
        ("rediss://:secret@store/?ssl_cert_reqs=none", "rediss://store:6379"),
        ("unix:///run/a%20b.sock?db=2&password=secret", "unix:///run/a b.sock"),
        ("redis+sentinel://u:secret@a,[::1]:5/m", "redis+sentinel://a:26379,[::1]:5/m"),
        ("redis+sentinel://a/m/2?sentinel_password=secret", "redis+sentinel://a:26379/m/2"),
        ("redis+sentinel://a/2/m", "redis+sentinel://a:26379/m/2"),
        ("rediss+sentinel://a/m", "rediss+sentinel://a:26379/m"),
        ("redis+cluster://:secret@a:7000,b", "redis+cluster://a:7000,b:6379"),
    ],
)
def test_an_address_is_shown_without_user_password_and_options(url: str, shown: str) -> None:
    assert address(url) == shown


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "must start with redis://"),
        ("http://store", "must start with redis://"),
        ("REDIS://store", "must start with redis://"),
        ("redis://store:port", "the port is a number"),
        ("redis://store:70000", "the port is a number"),
        ("redis://[::1", "cannot be read"),
        ("redis://store/calls", "/NUMBER"),
        ("redis://store?db=x", "an option whose value"),
        ("redis://store?db", "cannot be read"),
        ("redis://store?retry_on_timeout=yes", "'retry_on_timeout'"),
        ("redis://store?ssl_cert_reqs=none", "'ssl_cert_reqs'"),
        ("rediss://store?ssl_cert_reqs=perhaps", "an option whose value"),
        ("rediss://store?ssl_ca_certs=/no/such/file", "ssl_ca_certs=/no/such/file"),
        ("unix://var/valkey.sock", "absolute path"),
        ("unix://", "absolute path"),
        ("redis+other://store", "must start with redis://"),
        ("redis+sentinel://a,b", "/SERVICE"),
        ("redis+sentinel://a,b/m/calls", "/SERVICE"),
        ("redis+sentinel://a:port,b/m", "the port is a number"),
        ("redis+cluster://a,b/3", "names no database"),
        ("redis+cluster://a?db=3", "names no database"),
        ("redis+cluster://a?sentinel_password=x", "'sentinel_password'"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_naming_redis_url(url: str, says: str) -> None:
    with pytest.raises(StoreUnusable) as refused:
        connect(url)
    assert "REDIS_URL" in str(refused.value)
    assert says in str(refused.value)


@pytest.mark.parametrize("mark", ["/", "?", "#", "@", "?x=", ":/"])
@pytest.mark.parametrize("scheme", ["redis", "rediss", "unix", "redis+sentinel", "redis+cluster"])
def test_a_password_with_an_unescaped_mark_is_refused_and_not_shown(mark: str, scheme: str) -> None:
    path = "/run/valkey.sock" if scheme == "unix" else ""
    host = "" if scheme == "unix" else "store:6379"
    path = "/service" if scheme == "redis+sentinel" else path
    url = f"{scheme}://:sec{mark}ret@{host}{path}"
    try:
        shown = address(url)
    except StoreUnusable as refused:
        shown = str(refused)
    assert "sec" not in shown
    assert "ret" not in shown


@pytest.mark.parametrize("url", ["redis://store", "rediss+sentinel://store/service"])
def test_a_client_never_retries_by_itself_and_speaks_resp2(url: str) -> None:
    client = connect(url, socket_timeout_s=1.5, max_connections=3, pool_wait_s=0.1)
    pool = client.connection_pool
    connection = pool.connection_class(**pool.connection_kwargs)
    assert connection.retry.get_retries() == 0
    assert connection.protocol == 2
    assert connection.health_check_interval == 0
    assert (connection.socket_timeout, connection.socket_connect_timeout) == (1.5, 1.5)
    assert pool.max_connections == 3
    client.close()


@pytest.mark.parametrize(
    ("url", "kind"),
    [("rediss://store", SSLConnection), ("unix:///run/a%25b.sock", UnixDomainSocketConnection)],
)
def test_the_scheme_chooses_the_connection(url: str, kind: type) -> None:
    client = connect(url)
    assert client.connection_pool.connection_class is kind
    assert client.connection_pool.connection_kwargs.get("path") in (None, "/run/a%b.sock")
    client.close()


def test_user_and_options_of_a_store_and_of_its_sentinels_are_told_apart() -> None:
    query = "sentinel_username=s&sentinel_password=a%26b&client_name=me"
    found = read(f"redis+sentinel://u:p%40@a:1,b:2/calls/3?{query}")
    assert (found.shape, found.hosts, found.service) == ("sentinel", (("a", 1), ("b", 2)), "calls")
    assert found.options == {"username": "u", "password": "p@", "db": 3, "client_name": "me"}
    assert found.asked == {"username": "s", "password": "a&b"}
    assert set(found.hidden) == {"p@", "a&b"}


def test_sentinels_are_spoken_to_as_their_store_is() -> None:
    options = read("rediss+sentinel://a/calls?ssl_cert_reqs=none")
    assert options.asked == {"ssl_cert_reqs": "none"}
