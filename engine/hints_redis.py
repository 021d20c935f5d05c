"""Hints of the calls a node follows, and other channels, over one pub/sub connection.

Owns which calls are followed and the health of the link: a connection that breaks or falls
silent is reported as `Lost`, never replaced in secret, because every hint sent meanwhile is
gone. It reads no log and starts no thread.
"""

from __future__ import annotations

import random as random_module
import ssl
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, NamedTuple

import hiredis
import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from engine.log import CallKey, Hint
from engine.log_redis import hint_origin, keys_of, parse_hint
from engine.redis_words import pack
from engine.waiting import PollWaiter, Waiter

AT_ONCE = 256  # messages that one `next` returns at most, so that its caller can let others run
_CHANNELS_A_COMMAND = 500
_READ_BYTES = 65_536
_BACKOFF_S = (0.1, 2.0)  # before the second attempt, and at most


class Following(NamedTuple):
    """The store has confirmed the subscription: what is appended from now on is hinted, so
    now is the time to read the top."""

    call: CallKey


class Listening(NamedTuple):
    """The same for an extra channel."""

    channel: str


class Notice(NamedTuple):
    """A message on an extra channel, as it came."""

    channel: str
    body: bytes


class Lost(NamedTuple):
    """The connection broke, or never came to be: hints were missed on every call. Said
    once; a `Following` of each call comes when it is back."""

    reason: str


Arrival = Following | Listening | Hint | Notice | Lost


class HintStream:
    """One reader calls `next` in a loop. `follow`, `unfollow` and `listen` may be called by
    anyone, on any thread or greenlet or in an event loop's callback: they never wait.

    They take effect at once although the reader is blocked: a wish goes into a queue and the
    `waiter` is woken, by a byte in a pipe where none is given. So only the reader ever touches
    the connection, and nothing needs a lock.

    Hints whose origin is `own` are dropped unread: that node knows what it appended.

    The link is asked for a sign of life after `ping_s` of silence, and given up when any
    answer is `answer_s` late: a half-dead one is noticed within their sum, if `next` is
    called that often. The client's connect time-out bounds how much longer than asked a
    `next` may take.
    """

    def __init__(
        self,
        client_factory: Callable[[], redis.Redis],
        cluster: bool = False,
        *,
        own: str = "",
        waiter: Waiter | None = None,
        ping_s: float = 2.0,
        answer_s: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self._client = client_factory()
        connection: Any = self._client.connection_pool.make_connection()
        connection.retry = Retry(NoBackoff(), 0)  # attempts are ours to time and to report
        self._connection = connection
        self._reader = hiredis.Reader()
        self._own = own.encode()
        self._shard = b"s" if cluster else b""
        self._ping_s, self._answer_s = ping_s, answer_s
        self._clock, self._random = clock, random
        self._reopen = False
        self._wishes: deque[tuple[bool, str, CallKey | None]] = deque()
        self._wanted: dict[bytes, CallKey | None] = {}  # channel -> its call, if it is of one
        self._unconfirmed: Counter[bytes] = Counter()  # answers to come, by channel
        self._unanswered = 0  # answers to come, PINGs too
        self._asked_at = self._heard_at = self._try_at = clock()
        self._attempts = 0
        self._up = False
        self._lost_told = False
        self.dropped = 0  # hints of our own
        self.nonsense = 0  # messages on a call's channel that were no hint
        self._waiter: Waiter = waiter or PollWaiter()

    def follow(self, call: CallKey) -> None:
        """Again for a followed call: confirmed again."""
        self._wish(True, keys_of(call).hint, call)

    def unfollow(self, call: CallKey) -> None:
        self._wish(False, keys_of(call).hint, call)

    def listen(self, channel: str) -> None:
        """An extra channel. On a cluster too it is an ordinary one."""
        self._wish(True, channel, None)

    def each(self, begin: Callable[[HintStream], Callable[[], None]]) -> None:
        """Start the reader; as in hints_cluster.py, where there are several."""
        begin(self)

    def reopen(self) -> None:
        """The store is elsewhere, or was another: `Lost`, and a new connection at once."""
        self._reopen = True
        self._waiter.wake()

    def unlisten(self, channel: str) -> None:
        self._wish(False, channel, None)

    def next(self, timeout_s: float) -> list[Arrival]:
        """What arrived, in order, as soon as something did; [] after `timeout_s`."""
        deadline = self._clock() + timeout_s
        found: list[Arrival] = []
        while True:
            try:
                wait_until = self._step(found)
            except (RedisError, OSError) as problem:
                self._give_up(found, f"{type(problem).__name__}: {problem}")
                wait_until = self._try_at
            now = self._clock()
            if found or now >= deadline:
                return found
            sock = self._connection._sock if self._up else None
            number = None if sock is None else sock.fileno()
            self._waiter.wait(number, min(deadline, wait_until) - now)

    @property
    def up(self) -> bool:
        """Connected, and nothing says otherwise."""
        return self._up and not self._lost_told

    def close(self) -> None:
        """For the reader, after its last `next`."""
        self._connection.disconnect()
        self._client.close()
        self._waiter.close()

    def _wish(self, wanted: bool, channel: str, call: CallKey | None) -> None:
        self._wishes.append((wanted, channel, call))
        self._waiter.wake()

    def _step(self, found: list[Arrival]) -> float:
        """Do what can be done without waiting; returns when there is something to do again."""
        if not self._up:
            self._take_wishes()
            if self._clock() < self._try_at:
                return self._try_at
            self._connect()
        if self._reopen:
            self._reopen = False
            raise redis.ConnectionError("the store is elsewhere by now")
        if not self._connection.is_connected:
            raise redis.ConnectionError("a write was interrupted")
        self._subscribe(self._take_wishes())
        self._drain(found)
        return self._check_link()

    def _connect(self) -> None:
        self._connection.disconnect()
        self._connection.connect()
        self._connection._sock.settimeout(0)  # a read takes what is there and never waits
        self._reader = hiredis.Reader()
        self._up = True
        self._unconfirmed.clear()
        self._unanswered = 0
        self._heard_at = self._clock()
        self._subscribe({name: (True, call) for name, call in self._wanted.items()})

    def _give_up(self, found: list[Arrival], reason: str) -> None:
        self._connection.disconnect()
        self._up = False
        first_s, most_s = _BACKOFF_S
        delay_s = min(most_s, first_s * 2 ** min(self._attempts, 10))
        self._attempts += 1
        self._try_at = self._clock() + delay_s * (0.5 + self._random() / 2)
        if not self._lost_told:
            self._lost_told = True
            found.append(Lost(reason))

    def _take_wishes(self) -> dict[bytes, tuple[bool, CallKey | None]]:
        """Note what is wanted from now on; returns which channels changed, how, and of which
        call they are."""
        changed: dict[bytes, tuple[bool, CallKey | None]] = {}
        while self._wishes:
            wanted, name, call = self._wishes.popleft()
            channel = name.encode()
            if wanted:
                self._wanted[channel] = call
            else:
                self._wanted.pop(channel, None)
            changed[channel] = (wanted, call)
        return changed

    def _subscribe(self, changed: dict[bytes, tuple[bool, CallKey | None]]) -> None:
        """Send (UN)SUBSCRIBE for these. On a cluster a command names channels of one slot."""
        groups: dict[bytes, list[bytes]] = {}
        for channel, (wanted, call) in changed.items():
            verb = (self._shard if call else b"") + (b"" if wanted else b"un") + b"subscribe"
            groups.setdefault(verb, []).append(channel)
        commands: list[tuple[bytes, ...]] = []
        for verb, channels in groups.items():
            size = 1 if verb.startswith(b"s") and self._shard else _CHANNELS_A_COMMAND
            commands += [(verb, *channels[at : at + size]) for at in range(0, len(channels), size)]
            self._unconfirmed.update(channels)
        self._send(commands, answers=len(changed))

    def _send(self, commands: list[tuple[bytes, ...]], answers: int) -> None:
        if not commands:
            return
        if self._unanswered == 0:
            self._asked_at = self._clock()
        self._unanswered += answers
        packed = b"".join(map(pack, commands))
        sock = self._connection._sock
        sock.settimeout(self._answer_s)
        try:
            sock.sendall(packed)
        except BaseException:  # a caller's time-out too: half a command must not stay
            self._connection.disconnect()
            raise
        sock.settimeout(0)

    def _drain(self, found: list[Arrival]) -> None:
        """Understand what is there, a piece of it at a time: others want their turn. What is
        cut off in the middle waits in the reader."""
        self._read(found)
        if len(found) < AT_ONCE and self._receive():
            self._read(found)

    def _read(self, found: list[Arrival]) -> None:
        while len(found) < AT_ONCE:
            try:
                message = self._reader.gets()
            except hiredis.ProtocolError as problem:
                raise redis.InvalidResponse(str(problem)) from None
            if message is False:
                return
            arrival = self._understand(message)
            if arrival is not None:
                found.append(arrival)

    def _receive(self) -> bool:
        """False: nothing is there."""
        try:
            received = self._connection._sock.recv(_READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        if not received:
            raise redis.ConnectionError("the store closed the connection")
        self._heard_at = self._clock()
        self._reader.feed(received)
        return True

    def _understand(self, message: Any) -> Arrival | None:
        if isinstance(message, hiredis.ReplyError):
            raise redis.ResponseError(str(message))
        if not isinstance(message, list) or len(message) < 3:
            self._answered()  # a PONG, in either protocol version's form
            return None
        kind, channel, content = message[0], message[1], message[2]
        if kind in (b"message", b"smessage"):
            return self._message(channel, content)
        self._unconfirmed[channel] -= 1
        if self._unconfirmed[channel] < 0:
            raise redis.ConnectionError(f"the store ended the subscription to {channel!r}")
        self._answered()
        if self._unconfirmed[channel] > 0:
            return None  # changed again since: the last confirmation counts
        del self._unconfirmed[channel]
        if kind not in (b"subscribe", b"ssubscribe") or channel not in self._wanted:
            return None
        call = self._wanted[channel]
        return Listening(channel.decode()) if call is None else Following(call)

    def _message(self, channel: bytes, content: bytes) -> Arrival | None:
        if channel not in self._wanted:
            return None  # unfollowed a moment ago
        call = self._wanted[channel]
        if call is None:
            return Notice(channel.decode(), content)
        if self._own and hint_origin(content) == self._own:
            self.dropped += 1
            return None
        hint = parse_hint(call, content)
        if hint is None:
            self.nonsense += 1
        return hint

    def _answered(self) -> None:
        self._unanswered -= 1
        self._attempts = 0
        self._lost_told = False

    def _check_link(self) -> float:
        """Ask a silent link for a sign of life; returns when to look again."""
        now = self._clock()
        if self._unanswered > 0:
            late_at = max(self._asked_at, self._heard_at) + self._answer_s
            if now >= late_at:
                raise redis.TimeoutError(f"no answer within {self._answer_s:g} s")
            return late_at
        if now < self._heard_at + self._ping_s:
            return self._heard_at + self._ping_s
        self._send([(b"PING",)], answers=1)
        return now + self._answer_s
