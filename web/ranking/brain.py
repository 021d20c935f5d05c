"""What the ranking process knows: indexes, a model, votes, and who ranks with them.

Owns the putting together of the engine's parts from the settings. Where a model is missing
or not wanted it says why, and words alone rank.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from engine import store
from engine.assist.asked import Asked
from engine.assist.asking import asked_of
from engine.assist.suggest import AssistSettings, CallSuggester
from engine.assist.view import CallExcerpt
from engine.config import Settings
from engine.errors import Unavailable
from engine.knowledge.embedding import Embedder
from engine.knowledge.keeper import Keeper
from engine.knowledge.library import Library
from engine.knowledge.minilm import MiniLm, Shipped
from engine.knowledge.report import report
from engine.knowledge.report_shapes import KnowledgeReport
from engine.knowledge.store import DocumentStore
from engine.knowledge.vector_store import VectorStore
from engine.knowledge.votes import VoteMemory
from engine.showings import ShowingStore, keep_of
from engine.verdicts import VerdictStore
from engine.wire import SuggestedDocument, SummaryKind
from web.ranking.frames import LOADING, Begin

CONNECTIONS = 4  # of the keeping, the embedding, a ranking thread and the one beside it


class Ranking(NamedTuple):
    documents: list[SuggestedDocument]
    summary: str
    summary_kind: SummaryKind
    asked: Asked
    gone: tuple[str, ...]
    changed: tuple[SuggestedDocument, ...]


class Brain:
    def __init__(self, begin: Begin) -> None:
        settings = begin.settings
        client = store.connect(
            begin.url,
            socket_timeout_s=settings.store.answer_timeout_s,
            max_connections=CONNECTIONS,
        )
        self.documents = DocumentStore(client)
        self.verdicts = VerdictStore(client)
        self._showings = ShowingStore(client, keep_of(settings))
        self.embedder: Embedder | None = None
        self.why = LOADING
        self.words_for_good = False  # there is no model, and there will be none
        self._questions: Embedder | None = None
        self._settings = settings
        self.library = Library(self.documents)
        self.keeper = Keeper(
            begin.node, self.library, self.documents, VectorStore(client), self.verdicts
        )
        self._suggester = self._make_suggester(None, None)

    def equip(self) -> bool:
        """Get a model; False: not now, `why` says why not, and it may be tried again."""
        try:
            documents, questions = embedders_of(self._settings)
        except (NoModel, Unavailable) as problem:
            self.why = str(problem)
            self.words_for_good = isinstance(problem, NoModel)
            return self.words_for_good
        votes = VoteMemory(documents.model, documents.dimension)
        self.keeper.equip(documents, votes)
        self._questions = questions
        self._suggester = self._make_suggester(questions, votes)
        self.embedder, self.why = documents, ""
        return True

    def rest(self) -> None:
        """Nothing is to be embedded for now: what only documents need gives its memory back."""
        if isinstance(self.embedder, MiniLm):
            self.embedder.release()

    def _make_suggester(
        self, questions: Embedder | None, votes: VoteMemory | None
    ) -> CallSuggester:
        assist = AssistSettings(
            limit=self._settings.assist.limit, threshold=self._settings.assist.threshold
        )
        return CallSuggester(self.library, assist, questions, votes)

    @property
    def model(self) -> str:
        return self.embedder.model if self.embedder is not None else ""

    @property
    def words_only(self) -> bool:
        """There is no model for questions, or it does not answer now. Not while it is being
        loaded: nobody needs to know."""
        if self._questions is None:
            return self.why != LOADING
        return bool(getattr(self._questions, "resting", False))  # an endpoint does at times

    def suggest(self, excerpt: CallExcerpt) -> Ranking:
        found = self._suggester.suggest(excerpt)
        asked = asked_of(excerpt, found.query, found.needs)
        # Documents that were never read, because the store is away, are not gone.
        gone = found.gone if self.library.version(excerpt.tenant) is not None else ()
        line = found.summary, found.summary_kind
        return Ranking(list(found.documents), *line, asked, gone, found.changed)

    def search(self, tenant: str, query: str, limit: int) -> list[SuggestedDocument]:
        return self._suggester.search(tenant, query, limit)

    def report(self, tenant: str) -> KnowledgeReport:
        """Raises redis.RedisError where the store is away."""
        titles = {one.id: one.title for one in self.library.index(tenant).documents()}
        return report(
            titles,
            self.verdicts.tally(tenant),
            self._showings.counts(tenant),
            self._showings.unanswered(tenant),
        )

    def title_of(self, tenant: str, doc_id: str) -> str | None:
        document = self.library.get(tenant, doc_id)
        return document.title if document is not None else None


class NoModel(Exception):
    """There is none and there will be none; the message says why."""


def embedders_of(settings: Settings) -> tuple[Embedder, Embedder]:
    """The model for documents and the same one for questions, which cannot wait. Raises
    NoModel, or Unavailable where it may be there later."""
    wanted = settings.embedding
    if wanted.use == "none":
        raise NoModel("embedding.use is none")
    if wanted.use == "shipped":
        found = Shipped.installed(Path(wanted.cache_dir))
        if found is None:
            raise NoModel("the packages of the shipped model are not installed")
        return found.documents, found.questions
    if not wanted.base_url or not wanted.model:
        raise NoModel("embedding.use is endpoint, and base_url or model is not set")
    # Here, since only then is there a need for what speaks HTTP (0.3 s).
    from engine.knowledge.embedding_endpoint import EndpointEmbedder, QuestionEmbedder

    documents = EndpointEmbedder(wanted)
    documents.probe()
    return documents, QuestionEmbedder(documents, wanted)
