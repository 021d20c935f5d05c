"""Summaries by a model, in greenlets: nothing here is on the way of a suggestion.

Owns the bounds around a chat model: a hard time-out, the tokens a tenant may spend, how
many requests run at once, and a rest when the service asks for one. Whatever goes wrong is
counted by its name and means: no words from the model, so the rules' stay.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

import gevent
import msgspec
import redis

from engine.assist.chat import CHARACTERS_PER_TOKEN, MOST_ASKED, ChatModel
from engine.assist.material import CallMaterial
from engine.assist.view import CallLine
from engine.config import Chat
from engine.http_endpoint import EndpointError, HttpEndpoint
from engine.token_ledger import TokenLedger
from engine.wire import CallSummary

log = logging.getLogger("earshot.model")

AT_ONCE = 64  # requests of a process; more are not made
REST_S = 5.0  # after a 429 that does not say how long; what says so is believed
# The service has read what it was sent, and bills it, although nothing came of it.
PAID_ANYWAY = ("timeout", "nonsense", "too_large")
LOG_EVERY_S = 60.0  # a service that is away is logged so often

T = TypeVar("T")
Redact = Callable[[str], str]


class _Late(Exception):
    """The whole of a request took too long."""


def configured(settings: Chat) -> bool:
    """Whether there is a model to ask; half a configuration is said in the log."""
    if bool(settings.base_url) != bool(settings.model):
        have, lack = ("base_url", "model") if settings.base_url else ("model", "base_url")
        log.warning("model.none chat.%s is set and chat.%s is not: rules write", have, lack)
    return bool(settings.base_url and settings.model)


class ModelWriter:
    """`redact` is applied to everything sent and everything written: the log's text has been
    through it already, which makes this the second lock on the same door."""

    def __init__(
        self,
        settings: Chat,
        ledger: TokenLedger,
        counts: Counter[str],
        mono: Callable[[], float],
        redact: Redact = lambda text: text,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._counts = counts
        self._mono = mono
        self._redact = redact
        self._model = ChatModel(HttpEndpoint(settings.base_url, settings.key), settings.model)
        self._under_way = 0
        self._rest_until = 0.0
        self._logged_at = -LOG_EVERY_S

    def line(self, tenant: str, lines: Sequence[CallLine]) -> str:
        """'' when there is none to be had."""
        timeout_s = self._settings.timeout_s
        safe = self._redacted(lines)
        written = self._within(tenant, timeout_s, safe, lambda: self._model.line(safe, timeout_s))
        if written is None:
            return ""
        self._spend(tenant, written.tokens)
        return self._redact(written.text)

    def summary(self, material: CallMaterial) -> CallSummary | None:
        """None when there is none to be had."""
        timeout_s = self._settings.summary_timeout_s
        lines = self._redacted(material.lines)
        safe = msgspec.structs.replace(material, lines=tuple(lines))
        tenant = material.tenant
        found = self._within(tenant, timeout_s, lines, lambda: self._model.summary(safe, timeout_s))
        if found is None:
            return None
        summary, tokens = found
        self._spend(tenant, tokens)
        summary.reason, summary.outcome = map(self._redact, (summary.reason, summary.outcome))
        summary.steps = [self._redact(step) for step in summary.steps]
        summary.follow_ups = [self._redact(one) for one in summary.follow_ups]
        return summary

    def _within(
        self, tenant: str, timeout_s: float, sent: Sequence[CallLine], ask: Callable[[], T]
    ) -> T | None:
        outcome, found = "written", None
        if self._mono() < self._rest_until:
            outcome = "resting"
        elif self._under_way >= AT_ONCE:
            outcome = "too_many"
        elif not self._may_spend(tenant):
            outcome = "over_ceiling"
        else:
            self._under_way += 1
            try:
                # requests bounds each wait; this bounds the whole, drip by drip.
                with gevent.Timeout(timeout_s, _Late):
                    found = ask()
            except _Late:
                outcome = "timeout"
            except EndpointError as problem:
                outcome = problem.why
                self._on_refused(problem)
            finally:
                self._under_way -= 1
        self._counts[f"model_requests:{outcome}"] += 1
        if outcome in PAID_ANYWAY:
            self._spend(tenant, sum(len(line.text) for line in sent) // CHARACTERS_PER_TOKEN)
        return found

    def _on_refused(self, problem: EndpointError) -> None:
        now = self._mono()
        if problem.why == "rate_limited" or problem.retry_after_s is not None:
            rest_s = REST_S if problem.retry_after_s is None else problem.retry_after_s
            self._rest_until = now + rest_s
        if now - self._logged_at >= LOG_EVERY_S:
            self._logged_at = now
            log.warning("model.failed why=%s about=%s", problem.why, problem)

    def _may_spend(self, tenant: str) -> bool:
        try:
            return self._ledger.may_spend(tenant)
        except redis.RedisError:
            return False  # nobody knows what was spent

    def _spend(self, tenant: str, tokens: int) -> None:
        self._counts["model_tokens"] += tokens
        try:
            self._ledger.note(tenant, tokens)
        except redis.RedisError:
            log.warning("model.tokens_not_counted tenant=%s tokens=%d", tenant, tokens)

    def _redacted(self, lines: Sequence[CallLine]) -> list[CallLine]:
        """The end of the call, which is what is sent of it."""
        kept: list[CallLine] = []
        size = 0
        for line in reversed(lines):
            kept.append(msgspec.structs.replace(line, text=self._redact(line.text)))
            size += len(line.text)
            if size > MOST_ASKED:
                break
        return kept[::-1]
