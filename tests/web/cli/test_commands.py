"""The commands as a person types them: output, exit codes, help."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path
from typing import Any

import jwt
import pytest
from click.testing import CliRunner, Result

from web.cli.access import CHECKOUT
from web.cli.client import Api
from web.cli.commands import earshot

SECRET = "a secret that is long enough to sign with it"
DIALOGUE = {"id": "one", "turns": [{"speaker": "customer", "text": "hello there"}]}
CALL = {"call_id": "c-1", "status": "active", "duration": 65, "agent_ids": ["ada", "bo"]}


def run(*arguments: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(earshot, list(arguments), env=env)


def talking(server: Any) -> dict[str, str]:
    return {"EARSHOT_URL": server.url, "EARSHOT_TOKEN": "mine"}


def test_every_command_teaches_with_an_example() -> None:
    for name, command in earshot.commands.items():
        if not command.hidden:
            shown = run(name, "--help").output
            assert "Example" in shown, name
            assert f"./earshot {name}" in shown, name


def test_a_token_is_all_that_is_printed() -> None:
    result = run("token", "agent-7", "--lifetime", "2h", env={"JWT_SECRET": SECRET})
    assert result.exit_code == 0
    claims = jwt.decode(result.output.strip(), SECRET, algorithms=["HS256"])
    assert (claims["sub"], claims["role"], claims["tenant"]) == ("agent-7", "agent", "default")
    assert 7199 < claims["exp"] - claims["iat"] <= 7200


def test_a_token_carries_role_and_tenant() -> None:
    result = run("token", "r", "--role", "producer", "--tenant", "acme", env={"JWT_SECRET": SECRET})
    claims = jwt.decode(result.output.strip(), SECRET, algorithms=["HS256"])
    assert (claims["role"], claims["tenant"]) == ("producer", "acme")


def test_without_a_secret_there_is_no_token() -> None:
    result = run("token", "agent-7")
    assert result.exit_code == 1
    assert "JWT_SECRET is not set" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("token", "not an id"), "is not an id"),
        (("token", "a", "--lifetime", "soon"), "is not a time such as"),
        (("token", "a", "--lifetime", "0h"), "is not a time such as"),
        (("token", "a", "--role", "boss"), "'boss' is not one of"),
        (("replay", "/does/not/exist"), "does not exist"),
        (("calls", "--url", "localhost:5000"), "must begin with http:// or https://"),
        (("calls", "--limit", "0"), "0 is not in the range"),
    ],
)
def test_what_was_typed_wrong_is_named(arguments: tuple[str, ...], named: str) -> None:
    result = run(*arguments, env={"JWT_SECRET": SECRET})
    assert result.exit_code == 2
    assert named in result.output


@pytest.mark.parametrize(
    ("option", "value"), [("--data", "/nope"), ("--port", "many"), ("--speed", "0")]
)
def test_what_make_run_was_given_wrong_is_named_as_make_names_it(option: str, value: str) -> None:
    result = run("run-demo", option, value)
    assert result.exit_code == 2
    assert result.output.startswith(f"Error: {option[2:].upper()}: ")
    assert value in result.output
    assert result.output.count("\n") == 1


def test_an_interrupt_ends_a_command_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("web.cli.access.bearer", interrupted)
    result = run("calls")
    assert (result.exit_code, result.output) == (130, "")


def test_a_setting_that_a_command_needs_is_judged_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("server:\n  drian_s: 3\ntokens:\n  lifetime: 60\n")
    result = run("token", "a", env={"JWT_SECRET": SECRET})
    assert result.exit_code == 2
    assert "config.yaml, line 4: there is no setting `tokens.lifetime`" in result.output
    assert "did you mean `lifetime_s`?" in result.output
    (tmp_path / "config.yaml").write_text("server:\n  drian_s: 3\ntokens:\n  lifetime_s: 60\n")
    assert run("token", "a", env={"JWT_SECRET": SECRET}).exit_code == 0


def test_a_client_with_a_token_or_without_a_secret_reads_no_settings(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("{ no YAML\n")
    server.answer = lambda asked: (200, {"calls": [], "token": "development"})
    for token in ("mine", ""):
        result = run("calls", env=talking(server) | {"EARSHOT_TOKEN": token, "JWT_SECRET": ""})
        assert result.exit_code == 0, result.output


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan", "inf"])
def test_a_speed_is_more_than_nothing(tmp_path: Path, speed: str) -> None:
    result = run("replay", str(tmp_path), "--speed", speed)
    assert result.exit_code == 2
    assert "is not a speed between" in result.output


def test_documents_are_imported_and_counted(server: Any, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\nText.\n")
    server.answer = lambda asked: (200, {"accepted": 1, "refused": []})
    result = run("import-documents", str(tmp_path), env=talking(server))
    assert (result.exit_code, result.output) == (0, "1 document imported.\n")
    assert server.asked[0].token == "mine"


def test_refused_documents_make_the_exit_code_1(server: Any, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\nText.\n")
    (tmp_path / "b.md").write_bytes(b"\xff")
    server.answer = lambda asked: (200, {"accepted": 1, "refused": []})
    result = run("import-documents", str(tmp_path), env=talking(server))
    assert result.exit_code == 1
    assert "1 document imported." in result.output
    assert f"{tmp_path}/b.md (b): Not UTF-8 at byte 0 (bad_request, field `text`)" in result.output


def test_one_bad_file_by_name_does_not_keep_the_others_out(server: Any, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("")
    (tmp_path / "b.md").write_text("# B")
    server.answer = lambda asked: (200, {"accepted": 1, "refused": []})
    result = run("import-documents", str(tmp_path / "a.md"), str(tmp_path / "b.md"),
                 env=talking(server))  # fmt: skip
    assert result.exit_code == 1
    assert "1 document imported." in result.output
    assert f"{tmp_path}/a.md (a): The file is empty (bad_request, field `text`)" in result.output


def test_ctrl_c_says_what_is_in(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"id": f"d{n}", "title": "T", "text": "Text."} for n in range(2_000)]
    (tmp_path / "kb.jsonl").write_text("\n".join(map(json.dumps, rows)))
    put = Api.put

    def interrupted(*given: Any, **more: Any) -> Any:
        if server.asked:
            raise KeyboardInterrupt
        return put(*given, **more)

    monkeypatch.setattr(Api, "put", interrupted)
    server.answer = lambda asked: (200, {"refused": []})
    result = run("import-documents", str(tmp_path), env=talking(server))
    assert result.exit_code == 130
    assert "1,000 documents imported.\nStopped." in result.output


def test_a_server_that_goes_away_midway_leaves_the_report_of_what_is_in(
    server: Any, tmp_path: Path, refuse: Any
) -> None:
    rows = [{"id": f"d{n}", "title": "T", "text": "Text."} for n in range(2_000)]
    (tmp_path / "kb.jsonl").write_text("\n".join(map(json.dumps, rows)))
    server.answer = lambda asked: (
        refuse("forbidden", 403) if len(server.asked) > 1 else (200, {"refused": []})
    )
    result = run("import-documents", str(tmp_path), env=talking(server))
    assert result.exit_code == 1
    assert "1,000 documents imported." in result.output
    assert "forbidden" in result.output


def test_a_dialogue_is_replayed(server: Any, tmp_path: Path) -> None:
    path = tmp_path / "dialogues.jsonl"
    path.write_text(json.dumps(DIALOGUE))
    result = run("replay", str(path), "--speed", "100", env=talking(server))
    assert result.exit_code == 0
    assert result.output.endswith("1 call played to the end.\n")
    texts = [body["segments"][0]["text"] for body in server.said("POST", "/segments")]
    assert texts[-1] == "hello there"


def test_no_interim_means_final_text_only(server: Any, tmp_path: Path) -> None:
    path = tmp_path / "dialogues.jsonl"
    path.write_text(json.dumps(DIALOGUE))
    run("replay", str(path), "--speed", "100", "--no-interim", env=talking(server))
    assert len(server.said("POST", "/segments")) == 1


def test_a_file_that_is_no_dialogue_is_named(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text("{}")
    result = run("replay", str(path), env={"EARSHOT_TOKEN": "mine"})
    assert result.exit_code == 1
    assert "line 1: `turns` or `segments` is missing" in result.output


def test_a_replay_that_is_refused_says_so_in_one_line(
    server: Any, tmp_path: Path, refuse: Any
) -> None:
    path = tmp_path / "dialogues.jsonl"
    path.write_text(json.dumps(DIALOGUE))
    server.answer = lambda asked: refuse("forbidden", 403)
    result = run("replay", str(path), env=talking(server))
    assert result.exit_code == 1
    assert result.output == "Error: It is forbidden (forbidden)\n"


def test_without_token_and_secret_the_server_is_asked_for_one(server: Any) -> None:
    def answer(asked: Any) -> tuple[int, Any]:
        if asked.path == "/v1/tokens":
            return 200, {"token": "given", "expires_at": "2026-01-01T00:00:00Z"}
        return 200, {"calls": []}

    server.answer = answer
    result = run("calls", env={"EARSHOT_URL": server.url})
    assert (result.exit_code, result.output) == (0, "There is no live call.\n")
    assert server.asked[0].body == {"agent_id": "earshot-cli", "role": "supervisor"}
    assert server.asked[1].token == "given"


def test_a_server_that_gives_no_tokens_says_what_to_do(server: Any, refuse: Any) -> None:
    server.answer = lambda asked: refuse("not_found", 404)
    result = run("calls", env={"EARSHOT_URL": server.url})
    assert result.exit_code == 1
    assert "Give one with --token or EARSHOT_TOKEN, or set JWT_SECRET" in result.output


def test_with_the_secret_a_token_is_made_here(server: Any) -> None:
    server.answer = lambda asked: (200, {"calls": []})
    run("calls", env={"EARSHOT_URL": server.url, "JWT_SECRET": SECRET})
    claims = jwt.decode(server.asked[0].token, SECRET, algorithms=["HS256"])
    assert (claims["sub"], claims["role"]) == ("earshot-cli", "supervisor")


def calls_of(server: Any, *calls: dict[str, Any], segments: list[Any]) -> None:
    def answer(asked: Any) -> tuple[int, Any]:
        if asked.path != "/v1/calls":
            return 200, {"segments": segments}
        active = "status=active" in asked.query
        return 200, {"calls": list(calls) if active else []}

    server.answer = answer


def test_live_calls_are_a_table_with_their_last_words(server: Any) -> None:
    calls_of(server, CALL, segments=[{"speaker": "customer", "text": "my \x1b[31mcard\nis lost"}])
    header, line = run("calls", env=talking(server)).output.splitlines()
    assert header.split() == ["call", "status", "duration", "agents", "last", "words"]
    assert line.split(maxsplit=3)[:3] == ["c-1", "active", "1:05"]
    assert line.rstrip().endswith("ada, bo  customer: my  [31mcard is lost")


def test_long_last_words_keep_their_end(server: Any) -> None:
    text = " ".join(f"word{n}" for n in range(50))
    calls_of(server, CALL, segments=[{"speaker": "agent", "text": text}])
    line = run("calls", env=talking(server)).output.splitlines()[1]
    assert "agent: …word" in line
    assert line.rstrip().endswith("word49")


def test_a_call_without_words_has_none(server: Any) -> None:
    calls_of(server, CALL, segments=[])
    assert run("calls", env=talking(server)).output.splitlines()[1].rstrip().endswith("ada, bo")


def test_calls_are_read_page_by_page(server: Any) -> None:
    def answer(asked: Any) -> tuple[int, Any]:
        if asked.path != "/v1/calls":
            return 200, {"segments": []}
        if "status=active" not in asked.query:
            return 200, {"calls": []}
        if "page=" in asked.query:
            return 200, {"calls": [CALL | {"call_id": "c-2"}]}
        return 200, {"calls": [CALL], "next": "more"}

    server.answer = answer
    shown = run("calls", env=talking(server)).output
    assert "c-1" in shown
    assert "c-2" in shown


def test_the_file_at_the_top_runs_the_command_line_from_anywhere(tmp_path: Path) -> None:
    script = CHECKOUT / "earshot"
    assert script.stat().st_mode & stat.S_IXUSR
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "__init__.py").write_text("raise SystemExit('not ours')")
    ran = subprocess.run(
        [script, "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "Earshot from the command line." in ran.stdout


def test_the_file_at_the_top_says_what_is_missing(tmp_path: Path) -> None:
    copied = tmp_path / "earshot"
    copied.write_bytes((CHECKOUT / "earshot").read_bytes())
    copied.chmod(0o755)
    ran = subprocess.run([copied], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert "Run `make setup`" in ran.stderr
