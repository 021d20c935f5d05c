"""Settings: what config.yaml says, what the environment says, and what is never shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from engine.config import SECRETS, Settings
from engine.config_sources import load

CONFIG = Path(__file__).parents[2] / "config.yaml"


def sections() -> Iterator[tuple[str, str]]:
    """(section, key) of every setting that config.yaml may hold."""
    for section in msgspec.structs.fields(Settings):
        if section.name not in SECRETS:
            for setting in msgspec.structs.fields(section.type):
                yield section.name, setting.name


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
    known = {"fsync": "always", "algorithm": "ES256", "use": "none", "base_url": "http://else/v1"}
    return known.get(key, "else")


def test_the_environment_wins_over_the_file_and_plain_names_over_long_ones(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("server:\n  port: 1\n  host: there\nstore:\n  fsync: always\n")
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
