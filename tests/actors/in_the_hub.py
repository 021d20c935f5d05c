"""Run by test_in_the_hub.py in a process of its own: real gevent, our loop, one ill actor.

Prints one JSON object: what each handler that waited got, and who is still alive.
"""

# ruff: noqa: E402 - nothing may be imported before gevent has patched

from gevent import monkey

monkey.patch_all()

import json
import sys
import threading
import time
from typing import Any

import gevent
from gevent.event import Event

from actors.dispatcher import DispatchedActor, Dispatcher
from actors.timers import Wheel
from web.loop import Loop


class Patient(DispatchedActor):
    """Does what it is told, in its turn; keeps what it heard."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        super().__init__(dispatcher)
        self.heard: list[str] = []

    def on_receive(self, message: Any) -> Any:
        if callable(message):
            message()
        self.heard.append(str(message))
        return None


def main() -> None:
    loop = Loop()
    dispatcher = Dispatcher(wake=loop.wake, clock=loop.now)
    wheel = Wheel(clock=loop.now, send=dispatcher.send, on_earlier=loop.rearm)
    loop.bind(dispatcher, wheel)
    failures: list[str] = []
    dispatcher.on_failure = lambda failure: failures.append(type(failure.error).__name__)
    other = Patient(dispatcher)
    other._start_actor_loop()
    waits = {
        "time.sleep": lambda: time.sleep(0.01),
        "gevent.sleep": lambda: gevent.sleep(0),
        "event": lambda: Event().wait(0.01),
        "lock": _contended(),
    }
    ill = {}
    for name, wait in waits.items():
        ill[name] = Patient.start(dispatcher)
        ill[name].tell(wait)
        other.actor_ref.tell(f"beside {name}")
    wheel.after(0.01, other.actor_ref, "timer")
    threading_post = monkey.get_original("threading", "Thread")(
        target=lambda: (dispatcher.post(other.actor_ref, "posted"), loop.wake_from_thread())
    )
    threading_post.start()
    gevent.sleep(0.1)
    other.actor_ref.tell("after")
    gevent.sleep(0.02)
    alive = [name for name, ref in ill.items() if ref.is_alive()]
    found = {
        "failures": failures,
        "alive": alive,
        "other": other.heard,
        "other_alive": other.actor_ref.is_alive(),
    }
    loop.close()
    sys.stdout.write(json.dumps(found))


def _contended() -> Any:
    lock = threading.Lock()
    gevent.spawn(lambda: lock.acquire())
    gevent.sleep(0)
    return lambda: lock.acquire()


main()
