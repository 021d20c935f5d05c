"""What the HTTP API asks of a node.

Owns the shape of the seam between the API and everything behind it, and nothing else. All
of it may wait: a request runs in a greenlet of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from actors.ports import Audit, Clock
from engine.allowances import Kind
from engine.audit import Kept
from engine.config import Settings
from engine.identity import Identity
from engine.knowledge.documents import Document
from engine.knowledge.report_shapes import KnowledgeReport
from engine.log import CallKey, CallLog
from engine.wire import CallView, HealthReason, Status, SuggestedDocument
from web.api.shapes import KnowledgeState


class TokenDesk(Protocol):
    """engine.identity.Tokens."""

    def verify(self, token: str, now_s: float) -> Identity: ...

    def issue(self, agent_id: str, role: Any, tenant: str, now_s: float) -> tuple[str, float]: ...


class CallLists(Protocol):
    """engine.call_index.CallIndex. Raises LogUnavailable."""

    def list(
        self,
        tenant: str,
        status: Status | None = None,
        agent_id: str | None = None,
        limit: int = 100,
        page_token: str | None = None,
    ) -> tuple[list[CallView], str | None]: ...


class Documents(Protocol):
    """engine.knowledge.store.DocumentStore. Raises Unavailable."""

    most: int

    def put_many(self, documents: Iterable[Document], *, over: Callable[[str], None]) -> int: ...

    def get(self, tenant: str, doc_id: str) -> Document | None: ...

    def delete(self, tenant: str, doc_id: str) -> bool: ...

    def count(self, tenant: str) -> int: ...

    def version(self, tenant: str) -> int: ...


class Searcher(Protocol):
    """The ranking process, as a person who types uses it. Raises Busy or Unavailable."""

    def search(self, tenant: str, query: str, limit: int) -> list[SuggestedDocument]: ...

    def state(self, tenant: str) -> KnowledgeState: ...

    def report(self, tenant: str) -> KnowledgeReport: ...


class Node(Protocol):
    """One server process, as a request sees it."""

    @property
    def settings(self) -> Settings: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def tokens(self) -> TokenDesk: ...

    @property
    def log(self) -> CallLog: ...

    @property
    def index(self) -> CallLists: ...

    @property
    def documents(self) -> Documents: ...

    @property
    def suggester(self) -> Searcher: ...

    def watch_documents(self, tenant: str) -> None:
        """Keep this tenant's index from now on: one nobody watches is empty."""
        ...

    def documents_changed(self, tenant: str) -> None:
        """Look at the tenant's stored documents now."""
        ...

    def ask_call(self, key: CallKey, build: Callable[[Any, Any], Any]) -> Any:
        """Tell the call's actor `build(reply_to, token)`, a message of actors/messages,
        and wait for its answer. Returns the value of Answered, or raises its EngineError;
        Busy when the mailbox is full, Timeout when no answer came in time."""
        ...

    def spend(self, who: Identity, kind: Kind, tokens: int) -> None:
        """Take from what the agent or producer may do in a second. Raises RateLimited."""
        ...

    @property
    def audit(self) -> Audit: ...

    def audit_entries(self, tenant: str, after: str, limit: int) -> list[Kept]:
        """Raises LogUnavailable."""
        ...

    def revoke(self, tenant: str, agent_id: str) -> None:
        """Close the agent's connections everywhere and refuse their tokens of before."""
        ...

    def erase(self, key: CallKey) -> bool:
        """Everything of the call, everywhere. False: there was nothing."""
        ...

    def verdicts(self, tenant: str, doc_id: str) -> Sequence[Any]:
        """engine.verdicts.Verdict, or mappings with its fields; newest first."""
        ...

    @property
    def number(self) -> int:
        """Of this process among those on one port; 0: there are no others."""
        ...

    def others(self, page: str) -> Mapping[int, bytes]:
        """A page of whole.py as each of the other processes that answer has it."""
        ...

    def ready(self) -> list[str]:
        """Why the node takes no traffic; empty when it does."""
        ...

    def why(self) -> HealthReason | None:
        """What keeps every tenant's suggestions from being at their best; None: nothing."""
        ...

    def metrics(self) -> bytes:
        """The process's numbers, as Prometheus reads them (web/metrics.py)."""
        ...
