/**
 * The segments of one call: final text wins over any interim text, a later revision over an
 * earlier one, whatever the order of arrival. Shown by timestamp, then by seq.
 */
import type { Batch } from './batch.ts';
import { createValue, type Readable, type Value } from './readable.ts';
import type { TranscriptionUpdate } from './wire.gen.ts';

export type Segment = TranscriptionUpdate;

/** A recogniser that never finishes a segment leaves its interim text behind; a final of the
 * same voice, later by this much, clears it away. */
export const ABANDONED_MS = 10_000;

interface Place {
  time: number;
  seq: number;
}

const NO_SEQ = Number.MAX_SAFE_INTEGER;

export class Transcript {
  readonly ids: Value<readonly string[]>;
  readonly #batch: Batch;
  readonly #segments = new Map<string, Segment>();
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #places = new Map<string, Place>();
  readonly #open = new Set<string>();

  constructor(batch: Batch) {
    this.#batch = batch;
    this.ids = createValue<readonly string[]>([], batch);
  }

  /** One line, whether it is known yet or not. */
  segment(id: string): Readable<Segment | undefined> {
    return {
      get: () => this.#segments.get(id),
      getServerSnapshot: () => undefined,
      subscribe: (listener) => {
        const listeners = this.#listeners.get(id) ?? new Set();
        this.#listeners.set(id, listeners.add(listener));
        return () => {
          if (listeners.delete(listener) && listeners.size === 0) this.#listeners.delete(id);
        };
      },
    };
  }

  apply(update: Segment): void {
    const before = this.#segments.get(update.segment_id);
    if (before?.final) return;
    if (before && !update.final && update.revision <= before.revision) return;
    this.#put(update);
    if (update.final) this.#clearAbandoned(update);
  }

  /** Nobody looks any more: forget all of it. */
  clear(): void {
    this.#remove(this.ids.get());
  }

  /**
   * Finals of a snapshot replace everything but the text still being said and, when older ones
   * `mayPrecede` them, those: a reader who looks at them is left there.
   */
  reset(finals: readonly Segment[], mayPrecede = false): void {
    const first = mayPrecede ? (finals[0]?.seq ?? 0) : 0;
    this.#remove(
      this.ids.get().filter((id) => !this.#open.has(id) && (this.#segments.get(id)?.seq ?? 0) >= first),
    );
    this.add(finals);
  }

  /** Older finals, or those of a snapshot: one change of the list for all of them. */
  add(finals: readonly Segment[]): void {
    const fresh = finals.filter((segment) => !this.#segments.get(segment.segment_id)?.final);
    for (const segment of fresh) this.#keep(segment);
    const ids = new Set(this.ids.get());
    for (const segment of fresh) ids.add(segment.segment_id);
    this.ids.set([...ids].sort((a, b) => this.#compare(a, b)));
    const last = finals.at(-1);
    if (last) this.#clearAbandoned(last);
  }

  /** The call is over: nothing provisional becomes final any more, except a late final. */
  end(): void {
    this.#remove([...this.#open]);
  }

  /** The lowest seq held, for asking what came before it. */
  firstSeq(): number {
    let first = NO_SEQ;
    for (const { seq } of this.#places.values()) first = Math.min(first, seq);
    return first;
  }

  #put(update: Segment): void {
    const id = update.segment_id;
    if (!this.#keep(update)) return;
    const ids = this.ids.get().filter((other) => other !== id);
    let at = ids.length;
    while (at > 0 && this.#compare(ids[at - 1] ?? '', id) > 0) at -= 1;
    ids.splice(at, 0, id);
    this.ids.set(ids);
  }

  /** Store the segment; true if its place in the order is new. */
  #keep(update: Segment): boolean {
    const id = update.segment_id;
    const before = this.#places.get(id);
    const told = Date.parse(update.timestamp);
    // Interim texts without a time of their own are stamped on arrival; the first stamp
    // holds, else two people talking at once would swap places with every word.
    const time = !update.final && before ? Math.min(before.time, told) : told;
    const place = { time, seq: update.seq ?? NO_SEQ };
    this.#places.set(id, place);
    if (update.final) this.#open.delete(id);
    else this.#open.add(id);
    this.#set(id, update);
    return !before || before.time !== place.time || before.seq !== place.seq;
  }

  #clearAbandoned(final: Segment): void {
    const limit = Date.parse(final.timestamp) - ABANDONED_MS;
    const gone = [...this.#open].filter((id) => {
      const open = this.#segments.get(id);
      const sameVoice = open?.speaker === final.speaker && open.participant === final.participant;
      return sameVoice && Date.parse(open.timestamp) < limit;
    });
    this.#remove(gone);
  }

  #remove(ids: readonly string[]): void {
    if (ids.length === 0) return;
    const gone = new Set(ids);
    this.ids.set(this.ids.get().filter((id) => !gone.has(id)));
    for (const id of ids) {
      this.#places.delete(id);
      this.#open.delete(id);
      this.#set(id, undefined);
    }
  }

  #compare(a: string, b: string): number {
    const [one, two] = [this.#places.get(a), this.#places.get(b)];
    if (!one || !two) return 0;
    return one.time - two.time || one.seq - two.seq;
  }

  #set(id: string, segment: Segment | undefined): void {
    if (segment) this.#segments.set(id, segment);
    else this.#segments.delete(id);
    const listeners = this.#listeners.get(id);
    if (listeners) this.#batch.mark(listeners);
  }
}
