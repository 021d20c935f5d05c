/**
 * How high the rows of a list are, measured or supposed, and which of them a box needs. Owns no
 * element: it adds up. A row above or below the span keeps the height it had when it left, so
 * what stands above is adjusted row by row instead of added up anew for each line.
 */

export interface Span {
  from: number;
  /** Not in it. */
  to: number;
}

/** Rows beside those that are seen, in pixels each way. */
const SPARE_PX = 260;
/** Nothing measured is lower: as many rows as fill the box, whatever they turn out to be. */
const LEAST_PX = 30;

export class RowHeights {
  readonly #supposedPx: number;
  readonly #measured = new Map<string, number>();
  #above = { from: 0, id: '', px: 0 };

  constructor(supposedPx: number) {
    this.#supposedPx = supposedPx;
  }

  /** True if it is another height than was known. */
  measured(id: string, px: number): boolean {
    if (this.#measured.get(id) === px) return false;
    this.#measured.set(id, px);
    return true;
  }

  /** The last rows, as many as a box of this height needs. */
  last(ids: readonly string[], boxPx: number): Span {
    return { from: this.#back(ids, ids.length, boxPx + SPARE_PX), to: ids.length };
  }

  /** The rows for a box that has `index` at its top or in its middle. */
  around(ids: readonly string[], index: number, boxPx: number): Span {
    let to = index;
    for (let px = 0; to < ids.length && px < boxPx + SPARE_PX; to += 1) {
      px += this.#measured.get(ids[to] ?? '') ?? LEAST_PX;
    }
    return { from: this.#back(ids, index, boxPx / 2 + SPARE_PX), to };
  }

  /** Pixels of the rows before `from`. */
  above(ids: readonly string[], from: number): number {
    const known = this.#above;
    const isKnown = from > 0 && known.from > 0 && ids[known.from] === known.id;
    const px = isKnown
      ? known.px + this.sum(ids, known.from, from) - this.sum(ids, from, known.from)
      : this.sum(ids, 0, from);
    this.#above = { from, id: ids[from] ?? '', px };
    return px;
  }

  /** Pixels of the rows from `from` to before `to`. */
  sum(ids: readonly string[], from: number, to: number): number {
    let px = 0;
    for (let index = from; index < to; index += 1) px += this.#of(ids[index]);
    return px;
  }

  /** The row at so many pixels from the first one's top, and where that row begins. */
  at(ids: readonly string[], px: number): { index: number; top: number } {
    let [index, top] = [0, 0];
    while (index < ids.length - 1 && top + this.#of(ids[index]) <= px) {
      top += this.#of(ids[index]);
      index += 1;
    }
    return { index, top };
  }

  #of(id: string | undefined): number {
    return this.#measured.get(id ?? '') ?? this.#supposedPx;
  }

  #back(ids: readonly string[], end: number, boxPx: number): number {
    let from = end;
    for (let px = 0; from > 0 && px < boxPx; from -= 1) {
      px += this.#measured.get(ids[from - 1] ?? '') ?? LEAST_PX;
    }
    return from;
  }
}
