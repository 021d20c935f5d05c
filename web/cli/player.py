"""One call of a replay: created, spoken, ended.

Owns the pace of one call and what it posts. Time is given to it: `clock` and `wall` in
seconds, `wait` sleeps and says when to stop. It prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from web.cli.client import Api, segment
from web.cli.failures import Away, Refused
from web.cli.patience import Outage, Wait, insist
from web.cli.timeline import Piece

LATE_INTERIM_S = 0.5  # interim text later than this is passed over; the next one replaces it
LATE_CALL_S = 2.0  # later than this, the call goes on from where it is instead of catching up
REPLAY = "replay"  # key of the metadata by which the calls of a replay are known
FAREWELL_S = 3.0  # longest wait for the answer to an ending when asked to stop


class Pace(NamedTuple):
    """Whose time a call runs on."""

    clock: Callable[[], float]  # monotonic
    wall: Callable[[], float]  # since 1970
    wait: Wait
    speed: float = 1.0


class Player:
    """Plays the pieces of one call through the API, once."""

    def __init__(self, api: Api, call_id: str, pace: Pace, outage: Outage) -> None:
        self._api = api
        self.call_id = call_id
        self._path = f"/v1/calls/{segment(call_id)}"
        self._pace = pace
        self._outage = outage
        self._origin_s = 0.0
        self._timestamps: dict[str, str] = {}

    def create(self, agent_id: str, customer: str | None, source: str | None, folder: str) -> None:
        """Raises Refused, or Stopped. The same call_id again is answered with the call."""
        metadata = {REPLAY: folder[:500]}
        body: dict[str, Any] = {
            "call_id": self.call_id,
            "agent_ids": [agent_id],
            "metadata": metadata,
        }
        if customer:
            body["customer"] = customer[:500]
        if source:
            metadata["source"] = source[:500]
        self._insist(lambda: self._api.post("/v1/calls", body))
        self._origin_s = self._pace.clock()

    def play(self, pieces: Sequence[Piece], heard: Callable[[Piece], None]) -> bool:
        """Posts each piece when it is due; `heard` is called for each that was.

        False when asked to stop before the last. Raises Refused, or Stopped.
        """
        for piece in pieces:
            due_s = self._due(piece)
            if self._pace.wait(max(0.0, due_s - self._pace.clock())):
                return False
            self._post(piece, due_s)
            heard(piece)
            late_s = self._pace.clock() - due_s
            if late_s > LATE_CALL_S:
                self._origin_s += late_s
        return True

    def end(self) -> None:
        """Says that the call ended, as long as it takes. Raises Refused, or Stopped."""
        self._insist(lambda: self._api.patch(self._path, {"status": "ended"}))

    def farewell(self) -> str | None:
        """Says it once, for a replay that is being stopped; why it could not, else None.

        An abandoned call ends by itself after call.silent_s.
        """
        try:
            self._api.patch(self._path, {"status": "ended"}, answer_s=FAREWELL_S)
        except Away:
            return "the server is away"
        except Refused as refusal:
            ended = refusal.code in ("call_ended", "unknown_call")
            return None if ended else refusal.format_message()
        return None

    def _due(self, piece: Piece) -> float:
        return self._origin_s + piece.at_s / self._pace.speed

    def _post(self, piece: Piece, due_s: float) -> None:
        body = {"segments": [self._segment(piece)]}
        if piece.final:
            self._insist(lambda: self._api.post(f"{self._path}/segments", body))
        elif self._pace.clock() - due_s <= LATE_INTERIM_S:
            try:
                self._api.post(f"{self._path}/segments", body)
            except Away as problem:
                self._outage.begins(problem.message)
            except Refused as refusal:
                if not refusal.retryable or refusal.code == "unknown_call":
                    raise

    def _segment(self, piece: Piece) -> dict[str, Any]:
        return {
            "segment_id": piece.segment_id,
            "speaker": piece.speaker,
            "text": piece.text,
            "timestamp": self._timestamp(piece),
            "final": piece.final,
            "revision": piece.revision,
        }

    def _timestamp(self, piece: Piece) -> str:
        """When the line began; the same in every piece of it and in every attempt."""
        known = self._timestamps.get(piece.segment_id)
        if known is None:
            began_s = self._origin_s + piece.spoken_at_s / self._pace.speed
            at_s = self._pace.wall() - (self._pace.clock() - began_s)
            text = datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")
            known = self._timestamps[piece.segment_id] = text.replace("+00:00", "Z")
        return known

    def _insist(self, attempt: Callable[[], Any]) -> Any:
        return insist(attempt, self._pace.wait, self._outage)
