"""Secrets that could be guessed are named as such; random ones are not."""

from __future__ import annotations

from random import Random

import pytest

from engine.secret_strength import weakness


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("short", "fewer than 32"),
        ("x" * 31, "fewer than 32"),
        ("x" * 64, "repeats"),
        ("abc123" * 8, "repeats"),
        ("0123456789abcdef" * 4, "placeholder"),
        ("correct horse battery staple " * 2, "repeats"),
        ("change-me-change-it-please-do-so-now", "placeholder"),
        ("your-jwt-secret-goes-right-in-here-please", "placeholder"),
        ("SUPER_SECRET_key_of_our_production_server", "placeholder"),
    ],
)
def test_what_could_be_guessed_is_refused(secret: str, why: str) -> None:
    assert why in (weakness(secret) or "")


def test_random_secrets_are_taken() -> None:
    random = Random(5)
    for _ in range(500):
        assert weakness(random.randbytes(32).hex()) is None
