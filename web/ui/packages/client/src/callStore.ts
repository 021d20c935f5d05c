/**
 * One call as this browser knows it: a fold of its events up to a cursor. Owns what an event
 * changes; asks for nothing and knows no socket. `receive` says what an event was to it, so
 * that its owner can subscribe again after a gap.
 */
import type { Batch } from './batch.ts';
import { relation, type Relation } from './cursor.ts';
import { createValue } from './readable.ts';
import { Transcript } from './transcript.ts';
import { Verdicts, type Suggestion, type VerdictLayer } from './verdicts.ts';
import type {
  AiSuggestion,
  CallHealth,
  CallSummary,
  CallView,
  CallWatchers,
  Cursor,
  LogEventName,
  ServerEvents,
  Snapshot,
  Subscription,
  Watcher,
} from './wire.gen.ts';

/** syncing: asked, not answered. live: at the call's end. stale: not subscribed right now. */
export type Sync = 'syncing' | 'live' | 'stale';

/** What the call seems to be about. */
export type Summary = Pick<AiSuggestion, 'summary' | 'summary_kind'>;

export type LogEvent = {
  [K in LogEventName]: { name: K; body: ServerEvents[K] };
}[LogEventName];

export type CallEvent =
  | LogEvent
  | { name: 'call:health'; body: CallHealth }
  | { name: 'call:watchers'; body: CallWatchers };

/** A snapshot shows so many finals at most; a full one may have older ones behind it. */
const SNAPSHOT_SEGMENTS = 200;
const NO_SUMMARY: Summary = { summary: '', summary_kind: 'none' };

export class CallStore {
  readonly callId: string;
  readonly transcript: Transcript;
  readonly info;
  readonly suggestions;
  readonly hasDismissed;
  readonly summary;
  readonly afterCall;
  readonly health;
  readonly watchers;
  readonly sync;
  /** The code of a refusal that keeps the call from being followed. */
  readonly refused;
  /** Whether the server may hold finals older than those here. */
  readonly hasOlder;
  cursor: Cursor | null = null;
  readonly #verdicts: Verdicts;
  #suggestion: AiSuggestion | null = null;
  /** Replayed up to here it is live. */
  #top = 0;

  constructor(callId: string, agentId: string, batch: Batch) {
    this.callId = callId;
    this.transcript = new Transcript(batch);
    this.info = createValue<CallView | null>(null, batch);
    this.suggestions = createValue<readonly Suggestion[]>([], batch);
    this.hasDismissed = createValue<boolean>(false, batch);
    this.summary = createValue<Summary>(NO_SUMMARY, batch);
    this.afterCall = createValue<CallSummary | null>(null, batch);
    this.health = createValue<CallHealth | null>(null, batch);
    this.watchers = createValue<readonly Watcher[]>([], batch);
    this.sync = createValue<Sync>('stale', batch);
    this.refused = createValue<string | null>(null, batch);
    this.hasOlder = createValue<boolean>(false, batch);
    this.#verdicts = new Verdicts(agentId);
  }

  /** The answer to `call:subscribe`. `live` and `replay` go on from the cursor we sent. */
  subscribed(answer: Subscription): void {
    const { snapshot, cursor } = answer;
    if (snapshot) {
      const isFull = snapshot.segments.length >= SNAPSHOT_SEGMENTS;
      this.transcript.reset(snapshot.segments, isFull);
      this.#become(snapshot, isFull);
      this.#setInfo(snapshot.call);
    }
    this.refused.set(null);
    this.cursor ??= cursor;
    this.#top = answer.top ?? 0;
    if (this.cursor.seq >= this.#top) this.sync.set('live');
  }

  /** Nobody follows the call any more: what was known of it goes. */
  clear(): void {
    this.transcript.clear();
    this.#become({ suggestion: null, verdicts: [] }, false);
    for (const value of [this.info, this.health, this.refused]) value.set(null);
    this.watchers.set([]);
  }

  receive(event: CallEvent): Relation {
    const { epoch, seq } = event.body as Partial<Cursor>;
    const isLogged = epoch !== undefined && seq !== undefined;
    if (isLogged) {
      const found = this.cursor ? relation(this.cursor, epoch, seq) : 'gap';
      if (found !== 'next') return found;
      this.cursor = { epoch, seq };
    }
    this.#fold(event);
    if (isLogged && seq === this.#top) this.sync.set('live');
    return 'next';
  }

  setLayers(layers: readonly VerdictLayer[]): void {
    this.#verdicts.layers = layers;
    this.#show();
  }

  /** All but the transcript is what the snapshot says, at a cursor that is yet to be said. */
  #become(snapshot: Pick<Snapshot, 'suggestion' | 'verdicts' | 'after_call'>, hasOlder: boolean): void {
    this.cursor = null;
    this.hasOlder.set(hasOlder);
    this.#verdicts.reset(snapshot.verdicts);
    this.#suggestion = snapshot.suggestion;
    this.afterCall.set(snapshot.after_call ?? null);
    this.#show();
  }

  #fold(event: CallEvent): void {
    switch (event.name) {
      case 'transcription:update':
        this.transcript.apply(event.body);
        break;
      case 'ai:suggestion':
        this.#suggestion = event.body;
        this.#show();
        break;
      case 'call:status': {
        const { epoch: _epoch, seq: _seq, ...view } = event.body;
        this.#setInfo(view);
        break;
      }
      case 'feedback:update':
        this.#verdicts.apply(event.body);
        this.#show();
        break;
      case 'call:summary':
        this.afterCall.set(event.body);
        break;
      case 'call:health':
        this.health.set(event.body);
        break;
      case 'call:watchers':
        this.watchers.set(event.body.watchers);
        break;
    }
  }

  #setInfo(view: CallView): void {
    this.info.set(view);
    if (view.status === 'ended') this.transcript.end();
  }

  #show(): void {
    this.suggestions.set(this.#verdicts.show(this.#suggestion));
    this.hasDismissed.set(this.#verdicts.hasDismissed);
    const { summary, summary_kind } = this.#suggestion ?? NO_SUMMARY;
    const shown = this.summary.get();
    if (shown.summary !== summary || shown.summary_kind !== summary_kind) {
      this.summary.set({ summary, summary_kind });
    }
  }
}
