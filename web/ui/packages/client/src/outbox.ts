/**
 * Verdicts and dismissals on their way: kept, sent only while connected, acknowledged, sent
 * again with the same id until the server has said what became of them. One at a time per call
 * and document, and of those that wait only the last. Bounded; what falls out has a code.
 */
import { notConnected, refusal, RequestError, type ClientCode } from './errors.ts';
import { newId } from './ids.ts';
import type { Keeper } from './keeper.ts';
import { createEntry, laneOf, type Entry } from './mutation.ts';
import type { FailedItem, OutboxItem, OutboxPorts } from './outboxPorts.ts';
import type { StoredItem } from './outboxStore.ts';
import { createValue, type Value } from './readable.ts';
import type { VerdictLayer } from './verdicts.ts';
import type { FeedbackUpdate, VerdictReceipt } from './wire.gen.ts';

/** So many failures are remembered. */
const MOST_FAILED = 20;

export class Outbox {
  readonly items: Value<readonly OutboxItem[]>;
  readonly failed: Value<readonly FailedItem[]>;
  readonly #ports: OutboxPorts;
  /** Not acknowledged, or acknowledged and not seen in the log yet. */
  entries: readonly Entry[] = [];
  /** Of the last session; '' before the first. */
  tenant = '';
  #keeper: Keeper | null = null;

  constructor(ports: OutboxPorts) {
    this.#ports = ports;
    this.items = createValue<readonly OutboxItem[]>([], ports.batch);
    this.failed = createValue<readonly FailedItem[]>([], ports.batch);
  }

  add(what: Pick<StoredItem, 'call_id' | 'doc_id' | 'helpful' | 'dismissed'>): Entry {
    const { owner, tab, maxItems, now } = this.#ports;
    const fresh = { id: newId(), owner, tenant: this.tenant, tab, created_at: now(), attempts: 0 };
    const entry = this.entryOf({ ...what, ...fresh });
    const waiting = this.rivals(entry).find((other) => other.state.get() === 'queued');
    if (!waiting && this.items.get().length >= maxItems) {
      this.fail(entry, 'outbox_full', `${maxItems} verdicts wait already`);
      return entry;
    }
    this.#keep(entry);
    this.push(entry, waiting);
    return entry;
  }

  /** A session began. */
  belongTo(tenant: string): void {
    this.tenant = tenant;
    this.#keeper?.heritage.sort();
  }

  /** It may be sent in the last session; where nothing is known, in the next one. */
  readonly isOurs = ({ tenant }: StoredItem): boolean =>
    !tenant || !this.tenant || tenant === this.tenant;

  /** From now on what waits outlives the page. */
  keepIn(keeper: Keeper): void {
    this.#keeper = keeper;
    for (const entry of this.entries) this.#keep(entry);
  }

  /** Send what waits and may be sent. */
  drain(): void {
    if (!this.#ports.ready()) return;
    for (const entry of this.entries) {
      const isBusy = this.rivals(entry).some((other) => other.state.get() === 'sending');
      const mayGo = !isBusy && this.isOurs(entry.item);
      if (mayGo && entry.state.get() === 'queued') void this.#send(entry);
    }
  }

  /** Events of the call were applied: layers that the log shows by now are dropped. */
  observe(callId: string): void {
    const seen = this.#ports.seen(callId);
    for (const entry of this.entries) {
      const { item, state, seq } = entry;
      const isShown = state.get() === 'acked' && (seq ?? Infinity) <= seen;
      if (isShown && item.call_id === callId) this.#remove(entry);
    }
  }

  /** The log shows a dismissal, or a verdict of this agent: perhaps by another tab, for us. */
  heard({ call_id, doc_id, dismissed = false, seq, feedback_id }: FeedbackUpdate): void {
    const lane = laneOf({ call_id, doc_id, dismissed });
    for (const entry of this.entries) {
      if (entry.lane !== lane) continue;
      entry.seq = Math.max(entry.seq ?? 0, seq); // the answer to a dismissal has none
      entry.found?.({ feedback_id: feedback_id ?? entry.id, seq });
    }
  }

  layers(callId: string): VerdictLayer[] {
    return this.entries.map((entry) => entry.item).filter((item) => item.call_id === callId);
  }

  /** Forget everything. */
  clear(): void {
    for (const entry of this.entries) this.#cancel(entry);
    this.failed.set([]);
  }

  async #send(entry: Entry): Promise<void> {
    entry.state.set('sending');
    await entry.written;
    const keeper = this.#keeper;
    const isMine = !keeper || (await keeper.take(entry.item));
    if (!this.entries.includes(entry)) return this.drain(); // another tenant's by now, or signed out
    if (!isMine) {
      // For a later one of ours, or in another tab's hands.
      if (!this.#superseded(entry)) keeper.heritage.follow(entry);
      return this.drain();
    }
    try {
      this.acked(entry, await this.#ports.send(entry.item));
    } catch (problem) {
      const found = problem instanceof RequestError ? problem : notConnected();
      if (this.#mayRetry(entry, found)) this.#again(entry, found);
      else if (keeper && !entry.item.tenant && found.code === 'unknown_call') {
        keeper.heritage.leave(entry); // perhaps it is known in another tenant's session
      } else this.#reject(entry, found);
      // A lost connection is drained when it is back, and only then.
      if (found.code === 'not_connected') return;
    }
    this.drain();
  }

  acked(entry: Entry, receipt: VerdictReceipt | null): void {
    entry.seq = receipt?.seq ?? entry.seq;
    entry.acked(receipt ?? { feedback_id: entry.id, seq: entry.seq ?? 0 });
    this.#keeper?.delete(entry.id);
    this.#publish(entry.item.call_id);
    this.observe(entry.item.call_id);
  }

  #mayRetry(entry: Entry, problem: RequestError): boolean {
    // A call that is not ours will not become ours by asking; the card is better reset.
    const hopeless = !problem.retryable || problem.code === 'unknown_call';
    return !hopeless && entry.item.attempts < this.#ports.maxAttempts;
  }

  #again(entry: Entry, problem: RequestError): void {
    entry.state.set('queued');
    if (this.#superseded(entry) || problem.code === 'not_connected') return;
    const attempts = entry.item.attempts + 1;
    entry.item = { ...entry.item, attempts };
    entry.state.set('sending'); // keeps its turn in the lane until the timer
    setTimeout(
      () => {
        entry.state.set('queued');
        this.drain();
      },
      problem.retryAfterMs ?? this.#ports.delayMs(attempts),
    );
  }

  /** True: a later one stands for it. */
  #superseded(entry: Entry): boolean {
    const newer = this.rivals(entry).at(-1);
    if (newer) this.#replace(entry, newer);
    return newer !== undefined;
  }

  /** What becomes of the later one becomes of both. */
  #replace(earlier: Entry, later: Entry): void {
    later.settled.then(earlier.acked, earlier.rejected);
    this.#remove(earlier);
  }

  #cancel(entry: Entry): void {
    this.fail(entry, 'cancelled', 'Cancelled');
  }

  /** It will not be sent, and is nowhere any more. */
  fail(entry: Entry, code: ClientCode, message: string): void {
    this.#reject(entry, refusal(code, message, code === 'outbox_full'));
  }

  #reject(entry: Entry, problem: RequestError): void {
    this.#keeper?.delete(entry.id);
    this.#remove(entry);
    entry.rejected(problem);
    if (problem.code === 'cancelled') return;
    const failed = { ...entry.item, error: problem };
    this.failed.set([...this.failed.get(), failed].slice(-MOST_FAILED));
  }

  #keep(entry: Entry): void {
    if (this.#keeper) entry.written = this.#keeper.put(entry.item);
  }

  /** `instead`: of this one, which it replaces. */
  push(entry: Entry, instead?: Entry): void {
    this.entries = [...this.entries, entry];
    if (instead) this.#replace(instead, entry);
    this.#publish(entry.item.call_id);
    this.drain();
  }

  /** Here it is nothing any more; elsewhere it may be. */
  drop(entry: Entry, why: string): void {
    this.#remove(entry);
    entry.rejected(refusal('cancelled', why));
  }

  #remove(entry: Entry): void {
    this.entries = this.entries.filter((other) => other !== entry);
    this.#publish(entry.item.call_id);
  }

  #publish(callId: string): void {
    const waiting = this.entries.filter((entry) => entry.state.get() !== 'acked');
    this.items.set(waiting.map((entry) => entry.item));
    if (waiting.length === 0) this.#keeper?.idle();
    this.#ports.changed(callId);
  }

  /** Others of the same kind for the same document that have no answer yet. */
  rivals({ id, lane }: Entry): Entry[] {
    return this.entries.filter(
      (other) => other.id !== id && other.lane === lane && other.state.get() !== 'acked',
    );
  }

  entryOf(item: StoredItem): Entry {
    return createEntry(item, this.#ports.batch, (entry) => {
      if (entry.state.get() !== 'queued' || !this.entries.includes(entry)) return false;
      this.#cancel(entry);
      return true;
    });
  }
}
