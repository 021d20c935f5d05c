/**
 * Many changes, one round of listeners. A WebSocket message is a task of its own, so without
 * this a replay of 2,000 events would render 2,000 times.
 */
import { callSafely } from './listeners.ts';

export interface Batch {
  mark(listeners: ReadonlySet<() => void>): void;
}

/** `request` asks for one call of `flush` soon. */
export function createBatch(request: (flush: () => void) => void): Batch {
  const dirty = new Set<ReadonlySet<() => void>>();
  let requested = false;

  function flush(): void {
    requested = false;
    const round = new Set<() => void>();
    for (const listeners of dirty) for (const listener of listeners) round.add(listener);
    dirty.clear();
    for (const listener of round) callSafely(listener);
  }

  return {
    mark(listeners) {
      dirty.add(listeners);
      if (requested) return;
      requested = true;
      request(flush);
    },
  };
}

/** Hidden pages get no frames, and the first frame may be late: whichever comes first. */
const HIDDEN_FLUSH_MS = 100;

export function nextFrame(flush: () => void): void {
  if (typeof requestAnimationFrame !== 'function') {
    queueMicrotask(flush);
    return;
  }
  const once = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    flush();
  };
  const frame = requestAnimationFrame(once);
  const timer = setTimeout(once, HIDDEN_FLUSH_MS);
}
