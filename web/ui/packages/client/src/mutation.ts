/** What the caller holds of something asked for: its outcome, and where it stands. */
import type { Batch } from './batch.ts';
import type { RequestError } from './errors.ts';
import { createValue, type Readable, type Value } from './readable.ts';
import type { StoredItem } from './outboxStore.ts';
import type { VerdictReceipt } from './wire.gen.ts';

export type MutationState = 'queued' | 'sending' | 'acked' | 'rejected';

export interface Mutation<T> {
  readonly id: string;
  /** Resolves with the server's answer; rejects with a RequestError when it was refused. */
  readonly settled: Promise<T>;
  readonly state: Readable<MutationState>;
  /** True: it was not sent yet and will not be. */
  cancel(): boolean;
}

/** One verdict or dismissal on its way, of this tab. */
export interface Entry extends Mutation<VerdictReceipt> {
  item: StoredItem;
  readonly state: Value<MutationState>;
  /** Where the log holds it: the layer goes when that is seen. */
  seq: number | null;
  /** Settled when it is in the store. */
  written: Promise<void> | undefined;
  /** Earlier ones that it stands for. */
  followers: Entry[];
  resolve(receipt: VerdictReceipt): void;
  reject(problem: RequestError): void;
}

export function createEntry(
  item: StoredItem,
  batch: Batch,
  cancel: (entry: Entry) => boolean,
): Entry {
  let resolve!: Entry['resolve'];
  let reject!: Entry['reject'];
  const settled = new Promise<VerdictReceipt>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  settled.catch(() => undefined); // who does not look at it is not warned about it
  const entry: Entry = {
    id: item.id,
    item,
    seq: null,
    state: createValue<MutationState>('queued', batch),
    settled,
    written: undefined,
    followers: [],
    resolve,
    reject,
    cancel: () => cancel(entry),
  };
  return entry;
}
