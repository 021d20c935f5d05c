/** Where a reader is in a call's log, and what an event means to it: engine/cursor.py's twin. */
import type { Cursor } from './wire.gen.ts';

export type Relation = 'next' | 'stale' | 'gap' | 'reset';

/** Epochs sort by age; seq counts on across epochs. */
export function relation(cursor: Cursor, epoch: string, seq: number): Relation {
  if (epoch !== cursor.epoch) return epoch > cursor.epoch ? 'reset' : 'stale';
  if (seq === cursor.seq + 1) return 'next';
  return seq <= cursor.seq ? 'stale' : 'gap';
}
