"""Tokens for a run: one for each receiver, and the producer's. They end with the day."""

from __future__ import annotations

import time
from pathlib import Path

import jwt

from harness.servers import SECRET

LIFETIME_S = 86_400


def token(subject: str, role: str) -> str:
    claims = {"sub": subject, "role": role, "exp": int(time.time()) + LIFETIME_S}
    return jwt.encode(claims, SECRET, algorithm="HS256")


def write(path: Path, count: int) -> Path:
    """Lines `agent token`. Receivers are supervisors, who may join every call, because a call
    has 50 agents at most and the fan-out goes beyond."""
    with path.open("w") as lines:
        for number in range(count):
            agent = f"agent-{number}"
            lines.write(f"{agent} {token(agent, 'supervisor')}\n")
    return path
