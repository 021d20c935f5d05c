"""Verdicts of one browser on their way, as the client package's outbox sends them.

Owns the resending: the same feedback_id until the server has said what became of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import wire
from engine.log import CallKey
from tests.simulation.written import Broken

if TYPE_CHECKING:
    from tests.simulation.browsers import Browser


class Verdict:
    def __init__(self, call: CallKey, doc_id: str, helpful: bool, feedback_id: str) -> None:
        self.call = call
        self.doc_id = doc_id
        self.helpful = helpful
        self.feedback_id = feedback_id
        self.attempts = 0
        self.sending = False
        self.acked = False


class Outbox:
    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.waiting: list[Verdict] = []
        self.acked: list[Verdict] = []

    def add(self, call: CallKey, doc_id: str, helpful: bool) -> None:
        feedback_id = self._browser.cluster.next_name("feedback-")
        self.waiting.append(Verdict(call, doc_id, helpful, feedback_id))
        self.drain()

    def again(self) -> None:
        """An acknowledged one is sent once more: its answer was lost on the way to us."""
        if self.acked:
            self._send(self._browser.cluster.random.choice(self.acked))

    def drain(self) -> None:
        if not self._browser.online:
            return
        for verdict in list(self.waiting):
            lane = (verdict.call, verdict.doc_id)
            if not any(other.sending and (other.call, other.doc_id) == lane
                       for other in self.waiting):  # fmt: skip
                self._send(verdict)

    def _send(self, verdict: Verdict) -> None:
        verdict.sending = True
        browser = self._browser
        key = f"verdict:{browser.agent_id}:{verdict.feedback_id}"
        browser.cluster.ledger.sending(verdict.call, key, verdict.helpful)
        browser.cluster.ledger.verdicts[key] = (browser.agent_id, verdict.doc_id)
        body = wire.DocFeedback(
            verdict.doc_id, verdict.helpful, verdict.call.call_id, verdict.feedback_id
        )
        browser.request(body, lambda answer: self._answered(verdict, key, answer))

    def _answered(self, verdict: Verdict, key: str, answer: Any) -> None:
        browser, verdict.sending = self._browser, False
        if answer["ok"]:
            seq = answer["data"]["seq"]
            browser.cluster.ledger.acknowledged(verdict.call, key, seq, verdict.helpful)
            if not verdict.acked:
                verdict.acked = True
                self.waiting.remove(verdict)
                self.acked.append(verdict)
            self.drain()
            return
        error = answer["error"]
        lost = browser.cluster.losses.was_reopened(verdict.call)
        if error["code"] == "not_found" and lost and not verdict.acked:
            self.waiting.remove(verdict)  # the suggestion was lost with its log
            self.drain()
            return
        if not error["retryable"]:
            raise Broken(f"{browser.name}: {key} was refused: {error}")
        if verdict.acked or error["code"] == "not_connected":
            return
        verdict.attempts += 1
        verdict.sending = True  # keeps its turn until the timer
        delay_s = error.get("retry_after_ms", browser.delay_s(verdict.attempts) * 1000) / 1000
        browser.cluster.time.later(delay_s, lambda: self._again(verdict))

    def _again(self, verdict: Verdict) -> None:
        verdict.sending = False
        self.drain()

    def missing(self) -> str | None:
        return f"{self._browser.name} still sends verdicts" if self.waiting else None
