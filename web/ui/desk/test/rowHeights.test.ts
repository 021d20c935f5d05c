/** Which rows a box needs and what stands above them, against adding up all of it anew. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowHeights } from '../src/transcript/rowHeights.ts';

const SUPPOSED_PX = 44;
const BOX_PX = 700;
const idsOf = (count: number): string[] => Array.from({ length: count }, (_, n) => `s${n}`);
const lengthOf = ({ from, to }: { from: number; to: number }): number => to - from;

describe('the heights of rows', () => {
  it('fill the box at the end, whatever the rows turn out to be', () => {
    const ids = idsOf(5_000);
    const heights = new RowHeights(SUPPOSED_PX);
    const first = heights.last(ids, BOX_PX);
    expect(first.to).toBe(5_000);
    expect(lengthOf(first) * 30).toBeGreaterThan(BOX_PX);
    for (const id of ids) heights.measured(id, 120);
    expect(lengthOf(heights.last(ids, BOX_PX))).toBeLessThan(lengthOf(first) / 3);
  });

  it('span a row that is to stand at the top or in the middle', () => {
    const ids = idsOf(5_000);
    const { from, to } = new RowHeights(SUPPOSED_PX).around(ids, 2_500, BOX_PX);
    expect((2_500 - from) * 30).toBeGreaterThan(BOX_PX / 2);
    expect((to - 2_500) * 30).toBeGreaterThan(BOX_PX);
    expect(to - from).toBeLessThanOrEqual(150);
  });

  it('have no rows for no lines', () => {
    const heights = new RowHeights(SUPPOSED_PX);
    expect(heights.last([], BOX_PX)).toEqual({ from: 0, to: 0 });
    expect(heights.around([], 0, BOX_PX)).toEqual({ from: 0, to: 0 });
    expect(heights.above([], 0)).toBe(0);
  });

  it('say what row stands at a height, the last one beyond all', () => {
    const ids = idsOf(3);
    const heights = new RowHeights(SUPPOSED_PX);
    heights.measured('s1', 100);
    const at = (px: number) => heights.at(ids, px);
    expect([at(-5), at(43), at(44), at(143), at(144), at(9_999)]).toEqual([
      { index: 0, top: 0 },
      { index: 0, top: 0 },
      { index: 1, top: 44 },
      { index: 1, top: 44 },
      { index: 2, top: 144 },
      { index: 2, top: 144 },
    ]);
  });

  it('stand above as if added up anew, however one moves, and lines come', () => {
    const step = fc.oneof(
      fc.record({ go: fc.nat(120) }),
      fc.record({ measure: fc.nat(20), px: fc.integer({ min: 20, max: 300 }) }),
      fc.record({ append: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ before: fc.integer({ min: 1, max: 5 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const heights = new RowHeights(SUPPOSED_PX);
        let [ids, from, made] = [idsOf(50), 0, 50];
        const more = (count: number): string[] => Array.from({ length: count }, () => `s${made++}`);
        for (const each of steps) {
          if ('go' in each) from = Math.min(each.go, ids.length - 1);
          // Only rows of the span are on the page, so only they are measured.
          else if ('px' in each) heights.measured(ids[from + each.measure] ?? 'gone', each.px);
          else if ('append' in each) ids = [...ids, ...more(each.append)];
          else [ids, from] = [[...more(each.before), ...ids], from + each.before];
          expect(heights.above(ids, from)).toBe(heights.sum(ids, 0, from));
        }
      }),
    );
  });
});
