/**
 * What an outbox has from other tabs and earlier pages, and what it leaves to others: items of
 * dead tabs, of another tenant's session, and its own that another tab took. Loaded with the
 * keeper, since without one there is nothing to inherit.
 */
import type { Keeper } from './keeper.ts';
import type { Entry } from './mutation.ts';
import type { Outbox } from './outbox.ts';
import type { StoredItem } from './outboxStore.ts';

/** One that another tab took over shows up in the log by then, or is given up here. */
const ELSEWHERE_MS = 10_000;

export class Heritage {
  readonly #outbox: Outbox;
  readonly #keeper: Keeper;

  constructor(outbox: Outbox, keeper: Keeper) {
    this.#outbox = outbox;
    this.#keeper = keeper;
  }

  /** One that a tab left behind, and that is this tab's now. */
  adopt(item: StoredItem, tab: string): void {
    const outbox = this.#outbox;
    if (!outbox.isOurs(item)) return this.#keeper.leave(item); // as a session said meanwhile
    if (outbox.entries.some((entry) => entry.id === item.id)) return;
    const entry = outbox.entryOf({ ...item, tab });
    const isOld = outbox.rivals(entry).some((mine) => mine.item.created_at >= item.created_at);
    if (isOld) this.#keeper.delete(item.id);
    else outbox.push(entry);
  }

  /** It was kept for too long. */
  tooOld(item: StoredItem): void {
    this.#outbox.fail(this.#outbox.entryOf(item), 'too_old', 'Not sent in time');
  }

  /** A session began: what waits is its tenant's, or is left to whom it belongs. */
  sort(): void {
    const { entries, tenant, isOurs } = this.#outbox;
    for (const entry of entries) {
      if (!isOurs(entry.item)) this.leave(entry);
      else if (entry.item.tenant === '') {
        entry.item = { ...entry.item, tenant };
        entry.written = this.#rewrite(entry);
      }
    }
  }

  /** Unless it is gone: what another tab replaced in the store must not come back. */
  async #rewrite(entry: Entry): Promise<void> {
    await entry.written;
    const isThere = await this.#keeper.take(entry.item);
    if (isThere && this.#outbox.entries.includes(entry)) await this.#keeper.put(entry.item);
  }

  /** It stays in the store, and is nothing to this page. */
  leave(entry: Entry): void {
    this.#keeper.leave(entry.item);
    this.#outbox.drop(entry, 'Left to another tenant');
  }

  /** It is not in the store any more: another tab's. The log tells what became of it. */
  follow(entry: Entry): void {
    const outbox = this.#outbox;
    if (entry.seq) return outbox.acked(entry, null);
    const timer = setTimeout(() => {
      outbox.fail(entry, 'cancelled', 'Left to another tab');
      outbox.drain();
    }, ELSEWHERE_MS);
    entry.found = (receipt) => {
      clearTimeout(timer);
      outbox.acked(entry, receipt);
    };
  }
}
