/**
 * Which calls this tab holds, counted by who retains them. Those are asked for at every session;
 * one that nobody retains is left after a grace, so that going back and forth between two calls
 * costs no subscription.
 */
import type { CallEvent, CallStore, Summary, Sync } from './callStore.ts';
import type { Readable } from './readable.ts';
import { Subscription, type SubscriptionPorts } from './subscription.ts';
import type { Segment } from './transcript.ts';
import type { Suggestion } from './verdicts.ts';
import type { CallHealth, CallSummary, CallView, Watcher } from './wire.gen.ts';

export interface CallHandle {
  readonly callId: string;
  readonly info: Readable<CallView | null>;
  readonly segmentIds: Readable<readonly string[]>;
  segment(id: string): Readable<Segment | undefined>;
  readonly suggestions: Readable<readonly Suggestion[]>;
  /** A suggested document was put away, by anybody: it stays away in this call. */
  readonly hasDismissed: Readable<boolean>;
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

export interface RegistryPorts extends SubscriptionPorts {
  create(callId: string): CallStore;
  /** It will be asked for, or is asked for no more. */
  wants(store: CallStore, isWanted: boolean): void;
}

export const GRACE_MS = 10_000;

interface Held {
  subscription: Subscription;
  handle: CallHandle;
  retained: number;
  leaving?: ReturnType<typeof setTimeout>;
}

export class CallRegistry {
  readonly #ports: RegistryPorts;
  readonly #held = new Map<string, Held>();
  /** Retained, or in their grace. */
  readonly #wanted = new Map<string, Subscription>();
  #connected = false;

  constructor(ports: RegistryPorts) {
    this.#ports = ports;
  }

  handle(callId: string): CallHandle {
    const known = this.#held.get(callId);
    if (known) return known.handle;
    const store = this.#ports.create(callId);
    const handle = this.#handleOf(store, () => this.#retain(held));
    const held: Held = { subscription: new Subscription(store, this.#ports), handle, retained: 0 };
    this.#held.set(callId, held);
    return handle;
  }

  /** The call's store, while it is wanted. */
  wanted(callId: string): CallStore | undefined {
    return this.#wanted.get(callId)?.store;
  }

  /** A session began: ask for everything; settles when each was answered or refused. */
  async resume(): Promise<void> {
    this.lost();
    this.#connected = true;
    await Promise.all([...this.#wanted.values()].map((one) => one.ask()));
  }

  lost(): void {
    this.#connected = false;
    for (const one of this.#wanted.values()) one.withdraw();
  }

  /** The call is ours now: a refused subscription may succeed. */
  assigned(callId: string): void {
    const found = this.#wanted.get(callId);
    if (found && this.#connected && found.store.sync.get() === 'stale') void found.ask();
  }

  /** The server ended it: our events stop. */
  unassigned(callId: string): void {
    this.#wanted.get(callId)?.withdraw();
  }

  /** An event of a call; it is nothing to us when nobody wants the call. */
  receive(event: CallEvent): void {
    this.#wanted.get(event.body.call_id)?.receive(event);
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
    this.#want(held.subscription);
    let undone = false;
    return () => {
      if (undone) return;
      undone = true;
      held.retained -= 1;
      if (held.retained > 0) return;
      held.leaving = setTimeout(() => this.#leave(held.subscription), GRACE_MS);
    };
  }

  #want(subscription: Subscription): void {
    const { store } = subscription;
    if (this.wanted(store.callId)) return;
    this.#wanted.set(store.callId, subscription);
    this.#ports.wants(store, true);
    if (this.#connected) void subscription.ask();
  }

  /** The handle stays what it is: a hidden component may hold it and come back. */
  #leave(subscription: Subscription): void {
    const { store } = subscription;
    const call_id = store.callId;
    subscription.withdraw();
    this.#wanted.delete(call_id);
    this.#ports.wants(store, false);
    if (this.#connected) {
      this.#ports.request('call:unsubscribe', { call_id }).catch(() => undefined);
    }
    store.clear();
  }

  async #loadOlder(store: CallStore, limit: number): Promise<number> {
    const epoch = store.cursor?.epoch;
    if (!epoch) return 0;
    const page = await this.#ports.request('call:history', {
      call_id: store.callId,
      epoch,
      before: store.transcript.firstSeq(),
      limit,
    });
    if (store.cursor?.epoch !== epoch) return 0; // left, or another log, meanwhile
    store.transcript.add(page.segments);
    store.hasOlder.set(page.more);
    return page.segments.length;
  }
}
