"""Settings that are refused: which one, where it was written, what it takes, what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import Settings, SettingsError
from engine.config_sources import load

AS_LIST = 'as JSON: ["...", "..."]'
A_SECOND_OR_MORE = "a number of seconds, 1 or more"


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "config.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refusal(path: Path | None = None, /, **environment: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load(path, environment)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "server:\n  drian_s: 5\n",
            "2: there is no setting `server.drian_s`; did you mean `drain_s`?",
        ),
        ("server:\n  zzz: 5\n", "2: there is no setting `server.zzz`"),
        (
            "server:\n  fsync: always\n",
            "2: there is no setting `server.fsync`; did you mean `fsync` in `store`?",
        ),
        (
            "# a\nsever:\n  port: 1\n  host: b\n",
            "2: there is no section `sever`; did you mean `server`?",
        ),
        (
            "sever: {}\nport: 5000\n",
            "2: there is no section `port`; did you mean `port` in `server`?",
        ),
        (
            "chat:\n  base_url: api.example.com/v1\n",
            "2: `chat.base_url` must be an address such as https://api.example.com/v1,"
            " not 'api.example.com/v1'",
        ),
        ("zzz: 1\n", "1: there is no section `zzz`"),
        ("server: 5\n", "1: `server` is a section and must hold settings, e.g. `host`"),
        (
            "jwt_secret: hush\n",
            "1: `jwt_secret` is set by JWT_SECRET in the environment, and only there",
        ),
        (
            "tokens:\n  jwt_secret: hush\n",
            "2: `jwt_secret` is set by JWT_SECRET in the environment, and only there",
        ),
    ],
)
def test_what_is_no_setting_is_named_with_its_line_and_what_was_meant(
    tmp_path: Path, text: str, said: str
) -> None:
    path = written(tmp_path, text)
    assert refusal(path) == f"{path}, line {said}"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "EARSHOT__SERVER__PROT",
            "there is no setting `server.prot`; did you mean EARSHOT__SERVER__PORT?",
        ),
        (
            "EARSHOT__SEVER__PORT",
            "there is no section `sever`; did you mean EARSHOT__SERVER__PORT?",
        ),
        (
            "EARSHOT__PORT",
            "a setting is EARSHOT__SECTION__KEY; did you mean EARSHOT__SERVER__PORT?",
        ),
        (
            "EARSHOT____PORT",
            "a setting is EARSHOT__SECTION__KEY; did you mean EARSHOT__SERVER__PORT?",
        ),
        (
            "EARSHOT__SERVER__PORT__X",
            "a setting is EARSHOT__SECTION__KEY; did you mean EARSHOT__SERVER__PORT?",
        ),
        ("EARSHOT__ZZZ", "a setting is EARSHOT__SECTION__KEY"),
        (
            "EARSHOT__JWT_SECRET",
            "`jwt_secret` is set by JWT_SECRET in the environment, and only there",
        ),
    ],
)
def test_a_variable_that_is_no_setting_is_named_with_the_one_that_was_meant(
    name: str, said: str
) -> None:
    assert refusal(**{name: "5"}) == f"{name}: {said}"


@pytest.mark.parametrize(
    ("setting", "value", "takes"),
    [
        ("server.port", "70000", "a whole number from 0 to 65535, not 70000"),
        ("server.port", "five", "a whole number from 0 to 65535, not 'five'"),
        ("server.port", "'5000'", "a whole number from 0 to 65535, not '5000'"),
        ("server.port", "", "a whole number from 0 to 65535, not empty"),
        ("server.name", "a_b", "up to 32 letters, digits and `-`, not 'a_b'"),
        ("server.origins", "https://a", "a list of text, not 'https://a'"),
        ("server.embedders", "[a]", 'a list of origins such as https://crm.example, not ["a"]'),
        ("store.fsync", "sometimes", "always or everysec, not 'sometimes'"),
        ("store.replicas_wait_ms", "0", "a whole number of milliseconds, 1 or more, not 0"),
        ("tokens.agent_claim", "5", "text of 1 to 200 characters; is it in quotes?"),
        ("tokens.tenant_required", "maybe", "true or false, not 'maybe'"),
        (
            "tokens.roles",
            "{a: king}",
            'a mapping, each name to admin, agent, producer or supervisor, not {"a": "king"}',
        ),
        ("actors.turn_ms", "0", "a number of milliseconds, more than 0, not 0"),
        ("actors.turn_messages", "2.5", "a whole number, 1 or more, not 2.5"),
        ("limits.commands_per_s", "-1", "a number per second, more than 0, not -1"),
        ("limits.frame_bytes", "9", "a whole number of bytes, 1024 or more, not 9"),
        ("call.late_grace_s", ".nan", "a number of seconds, 0 or more, not NaN"),
        ("call.late_grace_s", ".inf", "a number of seconds, 0 or more, not Infinity"),
        ("assist.threshold", "2", "a number from 0 to 1, not 2"),
    ],
)
def test_an_ill_value_is_told_with_what_the_setting_takes(
    tmp_path: Path, setting: str, value: str, takes: str
) -> None:
    section, key = setting.split(".")
    path = written(tmp_path, f"{section}:\n  # a comment\n  {key}: {value}\n")
    assert refusal(path) == f"{path}, line 3: `{setting}` must be {takes}"


@pytest.mark.parametrize(
    ("name", "text", "takes"),
    [
        ("PORT", "abc", "`server.port` must be a whole number from 0 to 65535"),
        ("EARSHOT__SERVER__PORT", "", "`server.port` must be a whole number from 0 to 65535"),
        ("EARSHOT__STORE__FSYNC", "sometimes", "`store.fsync` must be always or everysec"),
        ("EARSHOT__SERVER__ORIGINS", "[", f"`server.origins` must be a list of text, {AS_LIST}"),
        ("EARSHOT__SERVER__ORIGINS", "a", f"`server.origins` must be a list of text, {AS_LIST}"),
        (
            "EARSHOT__CALL__RETENTION_BY_TENANT",
            "60",
            "`call.retention_by_tenant` must be a mapping, each name to a whole number, 1 or more, "
            'as JSON: {"...": ...}',
        ),
        ("EARSHOT__DEVELOPMENT__TOKENS", "maybe", "`development.tokens` must be true or false"),
        ("EARSHOT__ACTORS__LEASE_S", "0", f"`actors.lease_s` must be {A_SECOND_OR_MORE}"),
        ("EARSHOT__ACTORS__LEASE_S", "inf", f"`actors.lease_s` must be {A_SECOND_OR_MORE}"),
    ],
)
def test_an_ill_value_of_the_environment_names_its_variable(
    name: str, text: str, takes: str
) -> None:
    assert refusal(**{name: text}) == f"{name}: {takes}, not '{text}'"


def test_a_long_value_is_repeated_in_part() -> None:
    assert refusal(PORT="1" * 99).endswith(f"not '{'1' * 60}…'")


def test_what_may_be_secret_is_not_repeated(tmp_path: Path) -> None:
    path = written(tmp_path, "store:\n  url: [redis, hush]\nchat:\n  key: 12345\n")
    message = refusal(path)
    assert "line 2: `store.url` must be text" in message
    assert "line 4: `chat.key` must be text" in message
    assert "hush" not in message
    assert "12345" not in message


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, "server:\n  prot: 1\nassist:\n  limit: 0\n")
    message = refusal(path, PORT="abc")
    assert [line.split(": ")[0] for line in message.splitlines()] == [
        f"{path}, line 2",
        f"{path}, line 4",
        "PORT",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("server:\n  port: 1\n  port: 2\n", ", line 3: `server.port` stands in line 2 already"),
        (
            "server:\n\tport: 1\n",
            ", line 2: not YAML: found character '\\t' that cannot start any token",
        ),
        ("{a: b", ", line 1: not YAML: expected ',' or '}', but got '<stream end>'"),
        (
            b"server: \xff\n",
            ": not YAML: 'utf-8' codec can't decode byte 0xff in position 8: invalid start byte",
        ),
        (
            "server:\n  port: !port 5\n",
            ", line 2: not YAML: could not determine a constructor for the tag '!port'",
        ),
        ("call:\n  silent_s: 2024-13-45\n", ": not YAML: month must be in 1..12"),
        ("- a\n", " must hold sections, e.g. `server:`"),
        ("5\n", " must hold sections, e.g. `server:`"),
    ],
)
def test_a_file_that_is_no_configuration_is_named(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    path = written(tmp_path, text)
    assert refusal(path) == f"{path}{said}"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "missing.yaml cannot be read: No such file" in refusal(tmp_path / "missing.yaml")


def test_a_file_or_a_section_without_anything_is_fine(tmp_path: Path) -> None:
    assert load(written(tmp_path, "# nothing\n"), {}) == Settings()
    assert load(
        written(tmp_path, "server:\n  # port: 5000\nstore:\n  fsync: always\n"), {}
    ) == load(None, {"EARSHOT__STORE__FSYNC": "always"})


def test_who_needs_some_sections_is_not_held_up_by_the_others(tmp_path: Path) -> None:
    path = written(tmp_path, "sever: {}\nserver:\n  prot: 1\ntokens:\n  lifetime_s: 60\n")
    found = load(path, {"PORT": "abc", "EARSHOT__ZZZ": "1"}, only=("tokens",))
    assert (found.tokens.lifetime_s, found.server.port) == (60, 5000)
    with pytest.raises(SettingsError, match="line 3"):
        load(path, {}, only=("server",))
