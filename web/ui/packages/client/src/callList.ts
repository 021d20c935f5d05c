/** The calls of this agent: those assigned now, and ended ones that were seen or fetched. */
import type { Batch } from './batch.ts';
import { createValue, type Value } from './readable.ts';
import type { CallView } from './wire.gen.ts';

export type CallRow = CallView;

export class CallList {
  /** Live calls first; within each the one that began last first. */
  readonly rows: Value<readonly CallRow[]>;
  readonly #byId = new Map<string, CallRow>();

  constructor(batch: Batch) {
    this.rows = createValue<readonly CallRow[]>([], batch);
  }

  /**
   * What the session says is assigned. A live row that it does not name is over or somebody
   * else's; `keeps` says for which of them an answer is still awaited.
   */
  replace(calls: readonly CallView[], keeps: (callId: string) => boolean): void {
    const assigned = new Set(calls.map((call) => call.call_id));
    for (const row of this.#byId.values()) {
      const over = row.status !== 'ended' && !assigned.has(row.call_id) && !keeps(row.call_id);
      if (over) this.#byId.delete(row.call_id);
    }
    this.merge(calls);
  }

  merge(calls: readonly CallView[]): void {
    for (const call of calls) this.#byId.set(call.call_id, call);
    this.#publish();
  }

  /** Something newer is known of a call that stands in the list. */
  update(call: CallView): void {
    const known = this.#byId.get(call.call_id);
    if (known && known !== call) this.merge([call]);
  }

  remove(callId: string): void {
    if (this.#byId.delete(callId)) this.#publish();
  }

  #publish(): void {
    this.rows.set([...this.#byId.values()].sort(byLifeThenStart));
  }
}

export function byLifeThenStart(a: CallRow, b: CallRow): number {
  const over = Number(a.status === 'ended') - Number(b.status === 'ended');
  return over || b.started_at.localeCompare(a.started_at) || a.call_id.localeCompare(b.call_id);
}
