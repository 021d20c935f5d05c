/**
 * Verdicts on their way: sent only while connected, acknowledged, sent again with the same
 * id until the server has said what became of them. One at a time per call and document, and
 * of those that wait only the last. Bounded; in memory (a reload forgets what was not sent).
 */
import type { Batch } from './batch.ts';
import { notConnected, RequestError } from './errors.ts';
import { newId } from './ids.ts';
import { createValue, type Readable, type Value } from './readable.ts';
import type { VerdictLayer } from './verdicts.ts';
import type { Req, VerdictReceipt } from './wire.gen.ts';

export type MutationState = 'queued' | 'sending' | 'acked' | 'rejected';

export interface Mutation<T> {
  readonly id: string;
  /** Resolves with the server's answer; rejects with a RequestError when it was refused. */
  readonly settled: Promise<T>;
  readonly state: Readable<MutationState>;
}

export interface OutboxItem extends Mutation<VerdictReceipt>, VerdictLayer {
  readonly call_id: string;
  readonly attempts: number;
}

export interface OutboxPorts {
  batch: Batch;
  /** True between two `online`s: what is sent now has a connection to go to. */
  ready(): boolean;
  send(request: Req<'doc:feedback'>): Promise<VerdictReceipt>;
  /** Call `task` after `ms`. */
  later(task: () => void, ms: number): void;
  delayMs(attempt: number): number;
  /** The layers of this call changed. */
  changed(callId: string): void;
  /** The seq up to which this call's events are seen; Infinity when nobody looks. */
  seen(callId: string): number;
}

export const MOST_WAITING = 200;
const MOST_ATTEMPTS = 8;

interface Entry extends OutboxItem {
  attempts: number;
  readonly state: Value<MutationState>;
  /** Where the log holds it: the layer goes when that is seen. */
  seq: number | null;
  resolve(receipt: VerdictReceipt): void;
  reject(problem: RequestError): void;
  followers: Entry[];
}

export class Outbox {
  readonly items: Value<readonly OutboxItem[]>;
  readonly #ports: OutboxPorts;
  #entries: Entry[] = [];

  constructor(ports: OutboxPorts) {
    this.#ports = ports;
    this.items = createValue<readonly OutboxItem[]>([], ports.batch);
  }

  add(call_id: string, doc_id: string, helpful: boolean | null): Mutation<VerdictReceipt> {
    const entry = this.#entry(call_id, doc_id, helpful);
    const waiting = this.#lane(entry).find((other) => other.state.get() === 'queued');
    if (waiting) {
      entry.followers.push(waiting, ...waiting.followers);
      this.#entries = this.#entries.filter((other) => other !== waiting);
    } else if (this.#entries.length >= MOST_WAITING) {
      entry.state.set('rejected');
      entry.reject(
        new RequestError({
          code: 'outbox_full',
          message: `${MOST_WAITING} verdicts wait already`,
          retryable: true,
        }),
      );
      return entry;
    }
    this.#entries.push(entry);
    this.#publish(call_id);
    this.drain();
    return entry;
  }

  /** Send what waits and may be sent. */
  drain(): void {
    if (!this.#ports.ready()) return;
    for (const entry of [...this.#entries]) {
      const busy = this.#lane(entry).some((other) => other.state.get() === 'sending');
      if (!busy && entry.state.get() === 'queued') void this.#send(entry);
    }
  }

  /** Events of the call were applied: layers that the log shows by now are dropped. */
  observe(callId: string): void {
    const seen = this.#ports.seen(callId);
    this.#drop(callId, (entry) => entry.seq !== null && entry.seq <= seen);
  }

  layers(callId: string): VerdictLayer[] {
    return this.#entries.filter((entry) => entry.call_id === callId);
  }

  async #send(entry: Entry): Promise<void> {
    entry.state.set('sending');
    const { call_id, doc_id, helpful, id } = entry;
    try {
      const receipt = await this.#ports.send({ call_id, doc_id, helpful, feedback_id: id });
      entry.seq = receipt.seq;
      entry.state.set('acked');
      for (const one of [entry, ...entry.followers]) one.resolve(receipt);
      this.observe(call_id);
    } catch (problem) {
      const refusal = problem instanceof RequestError ? problem : notConnected();
      if (this.#mayRetry(entry, refusal)) this.#again(entry, refusal);
      else this.#refused(entry, refusal);
      // A lost connection is drained when it is back, and only then.
      if (refusal.code === 'not_connected') return;
    }
    this.drain();
  }

  #mayRetry(entry: Entry, refusal: RequestError): boolean {
    // A call that is not ours will not become ours by asking; the card is better reset.
    return refusal.retryable && refusal.code !== 'unknown_call' && entry.attempts < MOST_ATTEMPTS;
  }

  #again(entry: Entry, refusal: RequestError): void {
    entry.state.set('queued');
    const newer = this.#lane(entry).find((other) => other !== entry);
    if (newer) {
      newer.followers.push(entry, ...entry.followers);
      this.#drop(entry.call_id, (other) => other === entry);
      return;
    }
    if (refusal.code === 'not_connected') return;
    entry.attempts += 1;
    entry.state.set('sending'); // keeps its turn in the lane until the timer
    this.#ports.later(
      () => {
        entry.state.set('queued');
        this.drain();
      },
      refusal.retryAfterMs ?? this.#ports.delayMs(entry.attempts),
    );
  }

  #refused(entry: Entry, refusal: RequestError): void {
    entry.state.set('rejected');
    this.#drop(entry.call_id, (other) => other === entry);
    for (const one of [entry, ...entry.followers]) one.reject(refusal);
  }

  #drop(callId: string, which: (entry: Entry) => boolean): void {
    const kept = this.#entries.filter((entry) => entry.call_id !== callId || !which(entry));
    if (kept.length === this.#entries.length) return;
    this.#entries = kept;
    this.#publish(callId);
  }

  #publish(callId: string): void {
    this.items.set([...this.#entries]);
    this.#ports.changed(callId);
  }

  #lane(entry: Entry): Entry[] {
    return this.#entries.filter(
      (other) => other.call_id === entry.call_id && other.doc_id === entry.doc_id,
    );
  }

  #entry(call_id: string, doc_id: string, helpful: boolean | null): Entry {
    const { promise, resolve, reject } = withResolvers<VerdictReceipt>();
    promise.catch(() => undefined); // who does not look at `settled` is not warned about it
    return {
      id: newId(),
      call_id,
      doc_id,
      helpful,
      attempts: 0,
      seq: null,
      state: createValue<MutationState>('queued', this.#ports.batch),
      settled: promise,
      resolve,
      reject,
      followers: [],
    };
  }
}

function withResolvers<T>(): {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(problem: RequestError): void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (problem: RequestError) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
