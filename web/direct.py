"""The quick way of a command: from the text that arrived to its actor's mailbox.

Owns the shape that almost every message of a client has. It refuses nothing and explains
nothing: whatever is unusual goes the ordinary way, where the words for it are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.answers import COMMANDS
from engine.decoding import decode_plain

if TYPE_CHECKING:
    from web.sockets import Front

ACK_ID_DIGITS = 15  # at most
NAME_LENGTH = 64


class Direct:
    """From a text message to the AgentActor, without packet objects or a request context:
    `42["name",{…}]`, or `4217["name",{…}]` with an acknowledgement's id. Called in the hub.

    False for anything else, and for whatever is wrong: the usual way finds the words for it.
    """

    __slots__ = ("_front", "_ref")

    def __init__(self, front: Front, ref: Any) -> None:
        self._front = front
        self._ref = ref

    def __call__(self, message: str) -> bool:
        begin = message.find('["', 2, ACK_ID_DIGITS + 4)
        end = message.find('"', begin + 2, begin + 2 + NAME_LENGTH)
        if begin < 0 or end < 0 or message[:2] != "42" or message[end + 1 : end + 2] != ",":
            return False
        ack_id = message[2:begin]
        if ack_id and not (ack_id.isascii() and ack_id.isdigit()):
            return False
        command = COMMANDS.get(message[begin + 2 : end])
        if command is None or message[-1] != "]" or not self._ref.is_alive():
            return False
        body = decode_plain(command[0], message[end + 2 : -1])
        if body is None:
            return False
        self._front.ask(self._ref, body, int(ack_id) if ack_id else None)
        return True
