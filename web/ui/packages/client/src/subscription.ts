/**
 * Keeps one call subscribed while its owner wants it: asks, asks again after a gap, and later
 * what cannot be answered now. One `call:subscribe` is in flight.
 */
import type { CallEvent, CallStore } from './callStore.ts';
import { RequestError } from './errors.ts';
import type { Request } from './link.ts';

export interface SubscriptionPorts {
  request: Request;
  delayMs(attempt: number): number;
  /** The store changed by an answer or an event. */
  applied(store: CallStore): void;
  /** The server knows no such call for us. */
  unknown(callId: string): void;
}

export class Subscription {
  readonly store: CallStore;
  readonly #ports: SubscriptionPorts;
  /** Counts withdrawals: an older answer or timer means nothing. */
  #generation = 0;
  #asking = false;
  #attempts = 0;

  constructor(store: CallStore, ports: SubscriptionPorts) {
    this.store = store;
    this.#ports = ports;
  }

  /** Settles when it was answered or refused. */
  async ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const generation = this.#generation;
    const { store } = this;
    store.sync.set('syncing');
    const since = store.cursor && { since: store.cursor };
    const request = { call_id: store.callId, interim: true, ...since };
    try {
      await this.#ports.request('call:subscribe', request, undefined, (answer) => {
        if (this.#generation !== generation) return;
        this.#asking = false;
        this.#attempts = 0;
        store.subscribed(answer);
        this.#ports.applied(store);
      });
    } catch (problem) {
      if (this.#generation !== generation) return;
      this.#asking = false;
      store.sync.set('stale');
      this.#refused(problem);
    }
  }

  /** What was asked means nothing any more. */
  withdraw(): void {
    this.#generation += 1;
    this.#asking = false;
    this.#attempts = 0;
    this.store.sync.set('stale');
  }

  receive(event: CallEvent): void {
    const found = this.store.receive(event);
    if (found === 'next') this.#ports.applied(this.store);
    if (found === 'next' || found === 'stale' || this.#asking) return;
    if (found === 'reset') this.store.cursor = null; // it says nothing about the new log
    void this.ask();
  }

  #refused(problem: unknown): void {
    if (!(problem instanceof RequestError) || problem.code === 'not_connected') return;
    const { callId, refused } = this.store;
    const isUnknown = problem.code === 'unknown_call'; // `call:assigned` asks again
    if (isUnknown) this.#ports.unknown(callId);
    if (isUnknown || !problem.retryable) return refused.set(problem.code);
    const generation = this.#generation;
    const ms = problem.retryAfterMs ?? this.#ports.delayMs(this.#attempts);
    this.#attempts += 1;
    setTimeout(() => {
      if (this.#generation === generation) void this.ask();
    }, ms);
  }
}
