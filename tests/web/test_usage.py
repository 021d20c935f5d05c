"""`python -m web` on a command line: its help, and that it takes nothing else."""

from __future__ import annotations

import pytest

from engine.config import SECRETS
from engine.config_sources import PREFIX, SHORT_NAMES
from web.start import main


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--port", "5", "--help"]])
def test_help_names_every_variable_and_starts_nothing(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    for name in (*SHORT_NAMES, *(secret.upper() for secret in SECRETS), "LOG_LEVEL", PREFIX):
        assert f"\n  {name}" in shown
    assert "Exit codes: " in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_anything_else_is_refused_and_help_is_pointed_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--port", "5001"]) == 2
    said = capsys.readouterr().err
    assert "takes no arguments, and got '--port'" in said
    assert "python -m web --help" in said
