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
  /** What goes one at a time: verdicts, or dismissals, of one document in one call. */
  readonly lane: string;
  readonly state: Value<MutationState>;
  /** Where the log holds it: the layer goes when that is seen. */
  seq: number | null;
  /** Settled when it is in the store. */
  written: Promise<void> | undefined;
  /** While another tab has it: the log shows what became of it. */
  found: ((receipt: VerdictReceipt) => void) | undefined;
  acked(receipt: VerdictReceipt): void;
  rejected(problem: RequestError): void;
}

export function laneOf(item: Pick<StoredItem, 'call_id' | 'doc_id' | 'dismissed'>): string {
  return [item.call_id, item.doc_id, item.dismissed].join(' ');
}

export function createEntry(
  item: StoredItem,
  batch: Batch,
  cancel: (entry: Entry) => boolean,
): Entry {
  const state = createValue<MutationState>('queued', batch);
  let acked!: Entry['acked'];
  let rejected!: Entry['rejected'];
  const settled = new Promise<VerdictReceipt>((resolve, reject) => {
    acked = (receipt) => {
      state.set('acked');
      resolve(receipt);
    };
    rejected = (problem) => {
      state.set('rejected');
      reject(problem);
    };
  });
  settled.catch(() => undefined); // who does not look at it is not warned about it
  const entry: Entry = {
    ...{ id: item.id, item, lane: laneOf(item), seq: null, state, settled },
    ...{ written: undefined, found: undefined, acked, rejected, cancel: () => cancel(entry) },
  };
  return entry;
}
