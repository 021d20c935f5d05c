"""What the node can do at this moment, as its actors may read it at any time.

Owns the value only: the web layer writes it and then tells every CallActor
`ConditionChanged`; actors never write. A default one says that everything works.
"""

from __future__ import annotations

from engine.wire import HealthReason


class Condition:
    """`store_away`: for long enough to be said. `ranking`: whether anybody ranks. `empty`:
    tenants known to have no documents. `words_only`: no embedding model works."""

    def __init__(self) -> None:
        self.store_away = False
        self.ranking = True
        self.words_only = False
        self.empty: frozenset[str] = frozenset()

    def why(self, tenant: str) -> HealthReason | None:
        """The gravest thing that keeps this tenant's suggestions from being at their best."""
        if self.store_away:
            return "store_away"
        if not self.ranking:
            return "restarting"
        if tenant in self.empty:
            return "no_documents"
        return "words_only" if self.words_only else None
