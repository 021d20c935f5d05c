/** A call's log in the fake server: numbers events, snapshots itself, remembers verdicts. */
import type {
  AiSuggestion,
  CallStatus,
  CallSummary,
  CallView,
  Cursor,
  FeedbackUpdate,
  LogEventName,
  ServerEvents,
  Snapshot,
  TranscriptionUpdate,
} from '../src/wire.gen.ts';

export interface Stored {
  name: LogEventName;
  body: ServerEvents[LogEventName] & { epoch: string; seq: number };
}

type Numbered<T> = Omit<T, 'epoch' | 'seq' | 'call_id'>;

export class FakeCall {
  epoch = 'e1';
  seq = 0;
  events: Stored[] = [];
  view: CallView;
  /** Verdicts by feedback_id, so that one sent twice is answered as the first time. */
  readonly ledger = new Map<string, number>();

  constructor(call_id: string, view: Partial<CallView> = {}) {
    this.view = {
      call_id,
      status: 'active',
      duration: 0,
      started_at: new Date().toISOString(),
      agent_ids: ['agent-1'],
      ...view,
    };
    this.#append('call:status', { ...this.view });
  }

  get cursor(): Cursor {
    return { epoch: this.epoch, seq: this.seq };
  }

  say(segment: Partial<TranscriptionUpdate> & { segment_id: string }): Stored {
    return this.#append('transcription:update', {
      speaker: 'customer',
      text: segment.segment_id,
      timestamp: new Date(1_700_000_000_000 + this.seq * 1000).toISOString(),
      revision: 0,
      final: true,
      ...segment,
    });
  }

  suggest(suggestion: Partial<Numbered<AiSuggestion>> = {}): Stored {
    return this.#append('ai:suggestion', {
      documents: [],
      summary: '',
      summary_kind: 'none',
      suggestion_id: `g${this.seq}`,
      because: 's1',
      ...suggestion,
    });
  }

  status(change: Partial<Numbered<CallStatus>>): Stored {
    this.view = { ...this.view, ...change };
    return this.#append('call:status', { ...this.view });
  }

  sumUp(summary: Numbered<CallSummary>): Stored {
    return this.#append('call:summary', summary);
  }

  verdict(body: Numbered<FeedbackUpdate>): Stored {
    return this.#append('feedback:update', body);
  }

  /** The store lost its log: numbers go on, the epoch is new. */
  reopen(epoch: string): void {
    this.epoch = epoch;
    this.events = [];
  }

  after(since: Cursor): Stored[] | null {
    const first = this.events[0]?.body.seq ?? this.seq + 1;
    if (since.epoch !== this.epoch || since.seq > this.seq || since.seq < first - 1) return null;
    return this.events.filter((event) => event.body.seq > since.seq);
  }

  snapshot(): Snapshot {
    const of = <K extends LogEventName>(name: K): ServerEvents[K][] =>
      this.events.flatMap((event) => (event.name === name ? [event.body as ServerEvents[K]] : []));
    return {
      call: this.view,
      segments: of('transcription:update').slice(-200),
      suggestion: of('ai:suggestion').at(-1) ?? null,
      verdicts: of('feedback:update'),
      ...(of('call:summary')[0] && { after_call: of('call:summary')[0] }),
    };
  }

  #append<K extends LogEventName>(name: K, fields: Numbered<ServerEvents[K]>): Stored {
    this.seq += 1;
    const place = { call_id: this.view.call_id, epoch: this.epoch, seq: this.seq };
    const body: object = { ...fields, ...place };
    const stored = { name, body } as Stored;
    this.events.push(stored);
    return stored;
  }
}
