/**
 * Which calls this tab holds, counted by who retains them. A call nobody retains is left
 * after a grace, so that going back and forth between two calls costs no subscription.
 */
import type { CallStore, Summary, Sync } from './callStore.ts';
import type { Readable } from './readable.ts';
import type { Segment } from './transcript.ts';
import type { Suggestion } from './verdicts.ts';
import type { CallHealth, CallSummary, CallView, Req, Res, Watcher } from './wire.gen.ts';

export interface CallHandle {
  readonly callId: string;
  readonly info: Readable<CallView | null>;
  readonly segmentIds: Readable<readonly string[]>;
  segment(id: string): Readable<Segment | undefined>;
  readonly suggestions: Readable<readonly Suggestion[]>;
  readonly summary: Readable<Summary>;
  /** The summary made after the call has ended. */
  readonly afterCall: Readable<CallSummary | null>;
  readonly health: Readable<CallHealth | null>;
  /** Who follows the call now. */
  readonly watchers: Readable<readonly Watcher[]>;
  readonly sync: Readable<Sync>;
  /** The code of a refusal that keeps the call from being followed, `unknown_call` for one. */
  readonly refused: Readable<string | null>;
  readonly hasOlder: Readable<boolean>;
  /** Fetch older final segments; how many came. */
  loadOlder(limit?: number): Promise<number>;
  /** Keep the call subscribed until the returned undo is called. */
  retain(): () => void;
}

export interface RegistryPorts {
  create(callId: string): CallStore;
  wanted(store: CallStore): void;
  left(store: CallStore): void;
  history(request: Req<'call:history'>): Promise<Res<'call:history'>>;
}

export const GRACE_MS = 10_000;

interface Held {
  store: CallStore;
  handle: CallHandle;
  retained: number;
  leaving?: ReturnType<typeof setTimeout>;
}

export class CallRegistry {
  readonly #ports: RegistryPorts;
  readonly #held = new Map<string, Held>();

  constructor(ports: RegistryPorts) {
    this.#ports = ports;
  }

  peek(callId: string): CallStore | undefined {
    return this.#held.get(callId)?.store;
  }

  handle(callId: string): CallHandle {
    const known = this.#held.get(callId);
    if (known) return known.handle;
    const store = this.#ports.create(callId);
    const handle = this.#handleOf(store, () => this.#retain(held));
    const held: Held = { store, handle, retained: 0 };
    this.#held.set(callId, held);
    return handle;
  }

  /** The store's readables are the handle's, under the same names. */
  #handleOf(store: CallStore, retain: () => () => void): CallHandle {
    const { transcript, ...readables } = store;
    return {
      ...readables,
      segmentIds: transcript.ids,
      segment: (id) => transcript.segment(id),
      loadOlder: (limit = 200) => this.#loadOlder(store, limit),
      retain,
    };
  }

  #retain(held: Held): () => void {
    clearTimeout(held.leaving);
    held.retained += 1;
    if (held.retained === 1) this.#ports.wanted(held.store);
    let undone = false;
    return () => {
      if (undone) return;
      undone = true;
      held.retained -= 1;
      if (held.retained > 0) return;
      held.leaving = setTimeout(() => {
        // The handle stays what it is: a hidden component may hold it and come back.
        this.#ports.left(held.store);
        held.store.clear();
      }, GRACE_MS);
    };
  }

  async #loadOlder(store: CallStore, limit: number): Promise<number> {
    if (!store.cursor) return 0;
    const page = await this.#ports.history({
      call_id: store.callId,
      epoch: store.cursor.epoch,
      before: store.transcript.firstSeq(),
      limit,
    });
    store.transcript.add(page.segments);
    store.hasOlder.set(page.more);
    return page.segments.length;
  }
}
