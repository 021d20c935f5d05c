"""What `python -m web --help` says, and that it takes nothing else.

Owns the list of variables for people; README has the same with more words.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

HELP = """\
usage: python -m web

Runs an Earshot server until SIGTERM or Ctrl-C: HTTP and Socket.IO on one port, the agent desk at
/, the supervisors' wall at /supervisor. For a first look there is `make run`; to work with a
server that runs, `./earshot --help`.

Settings come from config.yaml of the folder it is started in, where each stands with its unit
and its reason; without the file the same defaults hold. The environment wins over the file:

  PORT                    the port to listen on (server.port)
  JWT_SECRET              key of HS256 tokens, 32 characters or more; needed unless
                          tokens.algorithm is another
  JWKS_URL                your identity provider's keys (tokens.jwks_url)
  SIGN_IN_SECRET          of the OpenID Connect client that people sign in with, if it has one
  REDIS_URL               a Redis or Valkey that nodes share (store.url); without it the server
                          starts one of its own
  EARSHOT__SECTION__KEY   any setting of config.yaml: EARSHOT__STORE__FSYNC=always; a list or
                          mapping as JSON: EARSHOT__SERVER__ORIGINS='["https://crm.example"]'
  LOG_LEVEL               DEBUG, INFO (the default), WARNING, ERROR or CRITICAL

Exit codes: 0 after a drain, 1 if it cannot start or had to be killed, 2 if a setting has to be
mended first; standard error says which.
"""


def answer(arguments: Sequence[str]) -> int:
    """To a command line that has arguments; the exit code."""
    if any(argument in ("-h", "--help") for argument in arguments):
        print(HELP, end="")  # noqa: T201
        return 0
    print(  # noqa: T201
        f"earshot: python -m web takes no arguments, and got {arguments[0]!r}."
        " Settings are in config.yaml and the environment: python -m web --help",
        file=sys.stderr,
    )
    return 2
