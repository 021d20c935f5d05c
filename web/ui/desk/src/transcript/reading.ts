/**
 * Where somebody reads a long list: at its end, or at a line that is to stay where it stands.
 * Owns the box's scroll position and what the rows measure; renders nothing. The rows stand in
 * the page's flow, so their real places are asked for, never reckoned.
 */
import type { RowHeights, Span } from './rowHeights.ts';

/** The line that is read, away from the end. */
export interface Place {
  readonly id: string;
  readonly index: number;
  /** The last line there was when the reader left the end. */
  readonly lastSeen: string | undefined;
}

export interface Shown extends Span {
  ids: readonly string[];
  /** Pixels above the first line. */
  topPx: number;
}

/** So close to the end still counts as being there. */
const NEAR_PX = 48;
/** Beyond any box: the browser stops at the end. */
const END_PX = 2 ** 30;

export class Reading {
  readonly #heights: RowHeights;
  /** Another line is read, or the end. */
  readonly #moved: (place: Place | null) => void;
  readonly #rows = new Map<string, HTMLElement>();
  readonly #idOf = new WeakMap<Element, string>();
  #observer: ResizeObserver | null = null;
  #box: HTMLElement | null = null;
  #shown: Shown = { ids: [], topPx: 0, from: 0, to: 0 };
  #place: Place | null = null;
  /** Of the place's text, from the list's first pixel; null: its middle is to be the box's. */
  #y: number | null = null;
  #lastTop = 0;

  constructor(heights: RowHeights, moved: (place: Place | null) => void) {
    this.#heights = heights;
    this.#moved = moved;
  }

  enter(box: HTMLElement): void {
    this.#box = box;
    this.#lastTop = box.scrollTop;
  }

  /** A row comes to be, or is no more. */
  readonly measure = (id: string, row: HTMLElement | null): void => {
    this.#observer ??= new ResizeObserver((entries) => this.#resized(entries));
    const before = this.#rows.get(id);
    if (before) this.#observer.unobserve(before);
    if (!row) return void this.#rows.delete(id);
    this.#rows.set(id, row);
    this.#idOf.set(row, id);
    this.#observer.observe(row, { box: 'border-box' });
    row.setAttribute('aria-setsize', String(this.#shown.ids.length));
  };

  /** What is on the page now; the place is held. */
  show(shown: Shown): void {
    const isLonger = shown.ids.length !== this.#shown.ids.length;
    this.#shown = shown;
    if (isLonger) {
      // By hand, because it changes with every line: no row is rendered again for it.
      const count = String(shown.ids.length);
      for (const row of this.#rows.values()) row.setAttribute('aria-setsize', count);
    }
    this.#keep();
  }

  toEnd(): void {
    this.#go(null, null);
    this.#keep();
  }

  /** Brings a line into the middle, once it is on the page. */
  toMiddle(index: number): void {
    const id = this.#shown.ids[index];
    if (id !== undefined) this.#go({ id, index, lastSeen: this.#lastSeen() }, null);
  }

  /** Nothing is below what the box shows. */
  get isEndSeen(): boolean {
    const box = this.#box;
    return !this.#place || !box || box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR_PX;
  }

  /** The box was scrolled. */
  look(box: HTMLElement): void {
    if (box.clientHeight === 0) return; // hidden
    const top = box.scrollTop;
    const isUpwards = top < this.#lastTop;
    this.#lastTop = top;
    if (box.scrollHeight - top - box.clientHeight <= NEAR_PX) {
      if (this.#place) this.#go(null, null);
    } else if (isUpwards || this.#place) {
      // Only a move upwards is the reader's: rows that are measured grow below our own jump.
      const { index, y } = this.#firstSeen(box);
      const id = this.#shown.ids[index];
      if (id !== undefined) this.#go({ id, index, lastSeen: this.#lastSeen() }, y);
    }
  }

  #go(place: Place | null, y: number | null): void {
    const isNew = place === null || place.id !== this.#place?.id || y === null;
    this.#place = place;
    this.#y = y;
    if (isNew) this.#moved(place);
  }

  #lastSeen(): string | undefined {
    return this.#place ? this.#place.lastSeen : this.#shown.ids.at(-1);
  }

  #keep(): void {
    const box = this.#box;
    if (!box || box.clientHeight === 0) return;
    const row = this.#place && this.#rows.get(this.#place.id);
    if (!this.#place) {
      box.scrollTop = END_PX;
    } else if (row) {
      const y = yOf(row, box);
      if (this.#y === null) box.scrollTop = y - (box.clientHeight - row.offsetHeight) / 2;
      else if (Math.abs(y - this.#y) >= 0.5) box.scrollTop += y - this.#y;
      else return; // kept as it was, so that small changes add up until they are seen
      this.#y = y;
    }
    this.#lastTop = box.scrollTop;
  }

  #resized(entries: readonly ResizeObserverEntry[]): void {
    let isOther = false;
    for (const { target, borderBoxSize } of entries) {
      const id = this.#idOf.get(target);
      const px = borderBoxSize[0]?.blockSize ?? 0;
      // Nothing is as low as that: the pane is hidden.
      if (id !== undefined && px > 0 && this.#heights.measured(id, px)) isOther = true;
    }
    if (isOther) this.#keep();
  }

  /** The first line that is seen; after a jump, the one that has to come there. */
  #firstSeen(box: HTMLElement): { index: number; y: number } {
    const { ids, topPx, from, to } = this.#shown;
    const edge = box.getBoundingClientRect().top;
    for (let index = from; index < to; index += 1) {
      const row = this.#rows.get(ids[index] ?? '');
      const seen = row?.getBoundingClientRect();
      if (!row || !seen || seen.bottom <= edge) continue;
      if (seen.top > edge + box.clientHeight || (index === from && seen.top > edge && from > 0)) break;
      // A text that begins above the box is read no more, if there is a next one.
      const isHalf = textOf(row).getBoundingClientRect().top < edge;
      const next = isHalf ? this.#rows.get(ids[index + 1] ?? '') : undefined;
      return next ? { index: index + 1, y: yOf(next, box) } : { index, y: yOf(row, box) };
    }
    const { index, top } = this.#heights.at(ids, box.scrollTop - topPx);
    return { index, y: topPx + top };
  }
}

/** What is held: the name above a text goes when an older line of the same speaker comes in. */
function textOf(row: HTMLElement): Element {
  return row.lastElementChild?.lastElementChild ?? row;
}

function yOf(row: HTMLElement, box: HTMLElement): number {
  const { top } = textOf(row).getBoundingClientRect();
  return top - box.getBoundingClientRect().top + box.scrollTop;
}
