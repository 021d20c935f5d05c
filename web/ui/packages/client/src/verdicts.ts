/** Verdicts of one call: what the log says, and over it what this tab has asked for. */
import type { AiSuggestion, FeedbackUpdate, SuggestedDocument } from './wire.gen.ts';

/** A verdict that the server has not yet shown back to us. */
export interface VerdictLayer {
  doc_id: string;
  helpful: boolean | null;
  /** The document was put away, rather than judged. */
  dismissed: boolean;
}

/** A suggested document with its verdict, as a card shows it. */
export interface Suggestion extends SuggestedDocument {
  suggestion_id: string;
  /** The segment_id that led to it. */
  because: string;
  /** This agent's verdict, as far as this tab knows: asked for counts. */
  helpful: boolean | null;
  /** The verdict shown is not in the log yet. */
  pending: boolean;
}

export class Verdicts {
  readonly #agentId: string;
  #base = new Map<string, boolean>();
  #dismissed = new Set<string>();
  layers: readonly VerdictLayer[] = [];

  constructor(agentId: string) {
    this.#agentId = agentId;
  }

  reset(verdicts: readonly FeedbackUpdate[]): void {
    this.#base = new Map();
    this.#dismissed = new Set();
    for (const verdict of verdicts) this.apply(verdict);
  }

  apply(verdict: FeedbackUpdate): void {
    if (verdict.dismissed) {
      this.#dismissed.add(verdict.doc_id);
    } else if (verdict.agent_id === this.#agentId) {
      if (verdict.helpful === null) this.#base.delete(verdict.doc_id);
      else this.#base.set(verdict.doc_id, verdict.helpful);
    }
  }

  /** Whether a document was put away, as far as this tab knows: asked for counts. */
  get hasDismissed(): boolean {
    return this.#dismissed.size > 0 || this.layers.some(({ dismissed }) => dismissed);
  }

  /** The cards: layers run over the base, so a refused layer leaves nothing behind. */
  show(suggestion: AiSuggestion | null): Suggestion[] {
    const asked = new Map<string, boolean | null>();
    const away = new Set(this.#dismissed);
    for (const { doc_id, helpful, dismissed } of this.layers) {
      if (dismissed) away.add(doc_id);
      else asked.set(doc_id, helpful);
    }
    return (suggestion?.documents ?? [])
      .filter((document) => !away.has(document.id))
      .map((document) => {
        const pending = asked.has(document.id);
        const own = pending ? asked.get(document.id) : this.#base.get(document.id);
        return {
          ...document,
          suggestion_id: suggestion?.suggestion_id ?? '',
          because: suggestion?.because ?? '',
          helpful: own ?? null,
          pending,
        };
      });
  }
}
