/**
 * @earshot/client/fills: lines that were said while this tab was not connected and came in
 * afterwards. A screen marks where they begin, because nobody saw them being said.
 */
import type { Client } from './api.ts';
import { createBatch, nextFrame } from './batch.ts';
import { createValue, type Readable } from './readable.ts';

export interface Fill {
  /** The earliest line that was filled in. */
  segment_id: string;
  /** How many lines. */
  count: number;
  /**
   * The gap, by the server's clock, in milliseconds since 1970. It begins with the last line
   * that was heard (0: none was), because a page that slept learns of its loss when it wakes.
   */
  from: number;
  to: number;
}

export interface Fills extends Readable<readonly Fill[]> {
  /** Look no more. */
  stop(): void;
}

/** So many gaps are remembered for a call. */
const MOST_FILLS = 50;
/** Older lines that somebody scrolls to are not filled in; clocks differ a little. */
const MARGIN_MS = 60_000;

/** The gaps of a call that somebody retains, from now on. */
export function watchFills(client: Client, callId: string): Fills {
  const { sync, segmentIds, segment } = client.call(callId);
  const value = createValue<readonly Fill[]>([], createBatch(nextFrame));
  /** What was known when nothing was heard any more. */
  let lost: { from: number; to: number; known: ReadonlySet<string> } | null = null;
  let wasLive = sync.get() === 'live';

  function onSync(): void {
    const now = sync.get();
    if (now === 'stale' && wasLive) {
      const known = segmentIds.get();
      const last = segment(known.at(-1) ?? '').get();
      const from = last ? Date.parse(last.timestamp) : 0;
      lost = { from, to: Infinity, known: new Set(known) };
    }
    if (now === 'live' && !wasLive && lost) {
      lost.to = client.serverNow();
      onSegments();
    }
    wasLive = now === 'live' || (now === 'syncing' && wasLive);
  }

  function onSegments(): void {
    if (!lost || lost.to === Infinity) return;
    const { from, to, known } = lost;
    const filled = segmentIds.get().filter((id) => {
      const line = known.has(id) ? undefined : segment(id).get();
      if (!line?.final) return false;
      const said = Date.parse(line.timestamp);
      return said >= from - MARGIN_MS && said <= to;
    });
    const [segment_id] = filled;
    if (segment_id === undefined) return;
    const others = value.get().filter((fill) => fill.to !== to);
    const fill = { segment_id, count: filled.length, from, to };
    value.set([...others, fill].slice(-MOST_FILLS));
  }

  const undo = [sync.subscribe(onSync), segmentIds.subscribe(onSegments)];
  return { ...value, stop: () => undo.forEach((one) => one()) };
}
