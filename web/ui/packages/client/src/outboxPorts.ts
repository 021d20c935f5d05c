/** What an outbox shows of itself, and what it is given. */
import type { Batch } from './batch.ts';
import type { RequestError } from './errors.ts';
import type { StoredItem } from './outboxStore.ts';
import type { VerdictReceipt } from './wire.gen.ts';

export type OutboxItem = Readonly<StoredItem>;

/** One that will not be sent any more, and why. */
export interface FailedItem extends OutboxItem {
  readonly error: RequestError;
}

export interface OutboxPorts {
  batch: Batch;
  owner: string;
  tab: string;
  maxItems: number;
  maxAttempts: number;
  now(): number;
  /** True between two `online`s: what is sent now has a connection to go to. */
  ready(): boolean;
  send(item: StoredItem): Promise<VerdictReceipt | null>;
  delayMs(attempt: number): number;
  /** The layers of this call changed. */
  changed(callId: string): void;
  /** The seq up to which this call's events are seen; Infinity when nobody looks. */
  seen(callId: string): number;
}
