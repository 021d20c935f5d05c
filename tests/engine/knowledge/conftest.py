"""What the tests of documents share: one that can be made in a line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.knowledge.documents import Document

MakeDocument = Callable[..., Document]


@pytest.fixture
def document() -> MakeDocument:
    def make(doc_id: str, title: str = "Title", text: str = "Some text.", **more: str) -> Document:
        return Document(
            id=doc_id,
            title=title,
            text=text,
            tenant=more.get("tenant", "default"),
            updated_at="2025-01-01T00:00:00.000Z",
            url=more.get("url"),
        )

    return make
