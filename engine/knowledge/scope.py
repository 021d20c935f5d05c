"""Which documents may be candidates: those in a language and with a tag.

Owns the rule. A document that names no language, or no tag, is for everybody.
"""

from __future__ import annotations

from msgspec import Struct

from engine.knowledge.documents import Document
from engine.knowledge.languages import primary


class Scope(Struct, frozen=True):
    """`language`: None admits every language, `pt` admits `pt-BR`. `tags`: any one of them
    is enough; none admits everything."""

    language: str | None = None
    tags: frozenset[str] = frozenset()

    @property
    def everything(self) -> bool:
        return self.language is None and not self.tags

    def admits(self, document: Document) -> bool:
        named = self.language is not None and document.language is not None
        if named and primary(self.language) != primary(document.language):
            return False
        return not self.tags or not document.tags or not self.tags.isdisjoint(document.tags)


EVERYTHING = Scope()
