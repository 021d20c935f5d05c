"""Settings: what config.yaml says, what the environment says, and what is never shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from engine.config import SECRETS, Settings, SettingsError, load

CONFIG = Path(__file__).parents[2] / "config.yaml"


def sections() -> Iterator[tuple[str, str]]:
    """(section, key) of every setting that config.yaml may hold."""
    for section in msgspec.structs.fields(Settings):
        if section.name not in SECRETS:
            for setting in msgspec.structs.fields(section.type):
                yield section.name, setting.name


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "config.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refusal(path: Path | None = None, **environment: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load(path, environment)
    return str(refused.value)


def test_config_yaml_equals_the_defaults() -> None:
    assert load(CONFIG, {}) == Settings() == load(None, {})


def test_config_yaml_mentions_every_setting_with_a_comment() -> None:
    values = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    assert {(section, key) for section in values for key in values[section]} == set(sections())
    for line in CONFIG.read_text(encoding="utf-8").splitlines():
        if line.startswith("  ") and ":" in line and not line.lstrip().startswith("#"):
            assert "  # " in line, f"no unit or reason: {line}"


@pytest.mark.parametrize(("section", "key"), list(sections()))
def test_every_setting_can_be_set_by_the_environment(section: str, key: str) -> None:
    before = getattr(getattr(Settings(), section), key)
    wanted = another(key, before)
    text = json.dumps(wanted) if isinstance(wanted, (list, dict, bool)) else str(wanted)
    found = load(None, {f"EARSHOT__{section.upper()}__{key.upper()}": text})
    assert getattr(getattr(found, section), key) == wanted != before


def another(key: str, value: Any) -> Any:
    """A value of the setting that is not its default."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value / 2
    if isinstance(value, list):
        return {"kinds": ["card"], "regions": ["DE"], "embedders": ["https://crm.example"]}.get(
            key, ["https://desk.example"]
        )
    if isinstance(value, dict):
        return {"acme": 60} if "tenant" in key else {"cc-leads": "supervisor"}
    return {"fsync": "always", "algorithm": "ES256", "use": "none"}.get(key, "else")


def test_an_unknown_key_is_refused_by_name(tmp_path: Path) -> None:
    assert "`prot`" in refusal(written(tmp_path, "server:\n  prot: 5\n"))
    assert "`sever`" in refusal(written(tmp_path, "sever: {}\n"))
    assert "EARSHOT__SERVER__PROT: there is no setting `server.prot`" in refusal(
        EARSHOT__SERVER__PROT="5"
    )
    assert "EARSHOT__SEVER__PORT: there is no section `sever`" in refusal(EARSHOT__SEVER__PORT="5")
    for name in ("EARSHOT__PORT", "EARSHOT__SERVER__PORT__X", "EARSHOT____PORT"):
        assert name in refusal(**{name: "5"})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("server:\n  port: 70000\n", "server.port"),
        ("server:\n  port: five\n", "server.port"),
        ("server:\n  port: '5000'\n", "server.port"),
        ("server:\n", "server"),
        ("store:\n  fsync: sometimes\n", "store.fsync"),
        ("actors:\n  turn_ms: 0\n", "actors.turn_ms"),
        ("actors:\n  turn_messages: 2.5\n", "actors.turn_messages"),
        ("call:\n  late_grace_s: .nan\n", "call.late_grace_s"),
        ("server:\n  origins: https://a\n", "server.origins"),
        ("assist:\n  threshold: 2\n", "assist.threshold"),
    ],
)
def test_an_ill_value_names_its_setting(tmp_path: Path, text: str, named: str) -> None:
    path = written(tmp_path, text)
    message = refusal(path)
    assert f"$.{named}" in message
    assert str(path) in message


@pytest.mark.parametrize("text", ["{a: b", b"server: \xff\n", "- a\n", "jwt_secret: x\n", "5\n"])
def test_a_file_that_is_no_configuration_is_named(tmp_path: Path, text: str | bytes) -> None:
    path = written(tmp_path, text)
    assert str(path) in refusal(path)


def test_a_file_that_is_not_there_is_named_and_an_empty_one_is_fine(tmp_path: Path) -> None:
    assert "missing.yaml cannot be read" in refusal(tmp_path / "missing.yaml")
    assert load(written(tmp_path, "# nothing\n"), {}) == Settings()


def test_the_environment_wins_over_the_file_and_plain_names_over_long_ones(tmp_path: Path) -> None:
    path = written(tmp_path, "server:\n  port: 1\n  host: there\nstore:\n  fsync: always\n")
    found = load(
        path,
        {
            "EARSHOT__SERVER__PORT": "2",
            "PORT": "3",
            "REDIS_URL": "redis://r",
            "EARSHOT__STORE__URL": "redis://other",
            "EARSHOT__SERVER__ORIGINS": '["https://a", "https://b"]',
            "EARSHOT__DEVELOPMENT__TOKENS": "true",
            "EARSHOT__ASSIST__THRESHOLD": "0.5",
            "HOME": "/",
        },
    )
    assert (found.server.port, found.server.host) == (3, "there")
    assert (found.store.url, found.store.fsync) == ("redis://r", "always")
    assert found.server.origins == ["https://a", "https://b"]
    assert found.development.tokens is True
    assert found.assist.threshold == 0.5


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "five"),
        ("EARSHOT__SERVER__ORIGINS", "["),
        ("EARSHOT__SERVER__ORIGINS", "https://a"),
        ("EARSHOT__DEVELOPMENT__TOKENS", "maybe"),
        ("EARSHOT__ACTORS__LEASE_S", "0"),
    ],
)
def test_an_ill_value_of_the_environment_is_refused(name: str, text: str) -> None:
    message = refusal(**{name: text})
    assert "environment" in message or name in message


def test_an_empty_variable_is_as_if_it_were_not_there() -> None:
    assert load(None, {"PORT": "", "REDIS_URL": "", "JWT_SECRET": ""}) == Settings()


def test_secrets_are_never_shown() -> None:
    found = load(None, {"JWT_SECRET": "hush", "REDIS_URL": "rediss://:hush@store"})
    assert found.jwt_secret == "hush"
    for shown in (repr(found), str(found), f"{found.store!r}", str(found.store)):
        assert "hush" not in shown
    assert "'jwt_secret': 'set'" in repr(found)


def test_settings_cannot_be_changed() -> None:
    found = Settings()
    with pytest.raises(AttributeError):
        found.server.port = 1  # type: ignore[misc]


def test_a_tenant_may_keep_its_calls_for_another_time_than_the_others() -> None:
    settings = load(None, {"EARSHOT__CALL__RETENTION_BY_TENANT": '{"acme": 3600}'})
    assert settings.call.retention_of("acme") == 3600
    assert settings.call.retention_of("default") == settings.call.retention_s
