"""A client that knows only the bold fields of the protocol, with python-socketio's defaults, but
for one: it waits longer than a second for its first joining.

The twin of plain.mjs, with the same arguments, lines and words.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

import socketio

JOIN_S = 30.0  # a machine that stands still for the one of the default is no fault
url, settings = sys.argv[1:3]
options: dict[str, Any] = json.loads(settings)["options"]
burst: list[tuple[str, Any]] = json.loads(settings)["burst"]
writing = threading.Lock()
client = socketio.Client()


def say(name: str, data: Any = None) -> None:
    with writing:
        sys.stdout.write(json.dumps([name, data]) + "\n")
        sys.stdout.flush()


def on_connect() -> None:
    say("(connect)", client.transport())
    for name, data in burst:
        client.emit(name, data)


def obey() -> None:
    for text in sys.stdin:
        client.emit(*json.loads(text))
    os._exit(0)


client.on("connect", on_connect)
client.on("disconnect", lambda reason: say("(disconnect)", reason))
client.on("*", say)
client.connect(url, wait_timeout=JOIN_S, **options)
threading.Thread(target=obey, daemon=True).start()
client.wait()
say("(ended)")
