/**
 * Keeps wanted calls subscribed: at every session, after a gap, when a call is assigned. One
 * `call:subscribe` per call is in flight; what it cannot answer now is asked again later.
 */
import type { CallStore } from './callStore.ts';
import type { Relation } from './cursor.ts';
import { RequestError } from './errors.ts';
import type { Req, Res } from './wire.gen.ts';

export interface SubscriberPorts {
  /** `apply` gets the answer before any event that came after it. */
  subscribe(
    request: Req<'call:subscribe'>,
    apply: (answer: Res<'call:subscribe'>) => void,
  ): Promise<unknown>;
  unsubscribe(request: Req<'call:unsubscribe'>): Promise<unknown>;
  delayMs(attempt: number): number;
  /** The answer was applied. */
  subscribed(store: CallStore): void;
  /** The server knows no such call for us. */
  unknown(callId: string): void;
}

interface Wish {
  store: CallStore;
  /** Counts sessions and withdrawals: an older answer or timer means nothing. */
  generation: number;
  asking: boolean;
  attempts: number;
}

export class Subscriber {
  readonly #ports: SubscriberPorts;
  readonly #wishes = new Map<string, Wish>();
  #connected = false;

  constructor(ports: SubscriberPorts) {
    this.#ports = ports;
  }

  want(store: CallStore): void {
    if (this.#wishes.has(store.callId)) return;
    const wish = { store, generation: 0, asking: false, attempts: 0 };
    this.#wishes.set(store.callId, wish);
    if (this.#connected) void this.#ask(wish);
  }

  leave(callId: string): void {
    const wish = this.#wishes.get(callId);
    if (!wish) return;
    withdraw(wish);
    this.#wishes.delete(callId);
    if (this.#connected) this.#ports.unsubscribe({ call_id: callId }).catch(() => undefined);
  }

  wants(callId: string): boolean {
    return this.#wishes.has(callId);
  }

  /** A session began: ask for everything; settles when each was answered or refused. */
  async resume(): Promise<void> {
    this.lost();
    this.#connected = true;
    await Promise.all([...this.#wishes.values()].map((wish) => this.#ask(wish)));
  }

  lost(): void {
    this.#connected = false;
    this.#wishes.forEach(withdraw);
  }

  /** The call is ours now: a refused subscription may succeed. */
  assigned(callId: string): void {
    const wish = this.#wishes.get(callId);
    if (wish && this.#connected && wish.store.sync.get() === 'stale') void this.#ask(wish);
  }

  /** The server ended it: our events stop. */
  unassigned(callId: string): void {
    const wish = this.#wishes.get(callId);
    if (wish) withdraw(wish);
  }

  /** What an event of the call was to its store. */
  heard(callId: string, found: Relation): void {
    const wish = this.#wishes.get(callId);
    if (!wish || wish.asking || !this.#connected) return;
    if (found === 'reset') wish.store.cursor = null; // it says nothing about the new log
    if (found === 'reset' || found === 'gap') void this.#ask(wish);
  }

  async #ask(wish: Wish): Promise<void> {
    if (wish.asking) return;
    wish.asking = true;
    const generation = wish.generation;
    const { callId, cursor, sync } = wish.store;
    sync.set('syncing');
    const request = { call_id: callId, interim: true, ...(cursor && { since: cursor }) };
    try {
      await this.#ports.subscribe(request, (answer) => {
        if (wish.generation !== generation) return;
        wish.asking = false;
        wish.attempts = 0;
        wish.store.subscribed(answer);
        this.#ports.subscribed(wish.store);
      });
    } catch (problem) {
      if (wish.generation !== generation) return;
      wish.asking = false;
      sync.set('stale');
      this.#refused(wish, problem);
    }
  }

  #refused(wish: Wish, problem: unknown): void {
    if (!(problem instanceof RequestError) || problem.code === 'not_connected') return;
    const isUnknown = problem.code === 'unknown_call'; // `call:assigned` asks again
    if (isUnknown) this.#ports.unknown(wish.store.callId);
    if (isUnknown || !problem.retryable) return wish.store.refused.set(problem.code);
    const generation = wish.generation;
    const ms = problem.retryAfterMs ?? this.#ports.delayMs(wish.attempts);
    wish.attempts += 1;
    setTimeout(() => {
      if (wish.generation === generation) void this.#ask(wish);
    }, ms);
  }
}

/** What was asked for it means nothing any more. */
function withdraw(wish: Wish): void {
  wish.generation += 1;
  wish.asking = false;
  wish.attempts = 0;
  wish.store.sync.set('stale');
}
