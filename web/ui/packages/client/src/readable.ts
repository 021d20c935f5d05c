/** A value that can be read and watched, in the shape `useSyncExternalStore` takes. */
import type { Batch } from './batch.ts';

export interface Readable<T> {
  get(): T;
  /** What a server renders; the initial value. */
  getServerSnapshot(): T;
  /** Calls `listener` after the value changed; returns the undo. */
  subscribe(listener: () => void): () => void;
}

export interface Value<T> extends Readable<T> {
  /** Readable at once; listeners hear of it with the batch. The same value is no change. */
  set(next: T): void;
}

export function createValue<T>(initial: T, batch: Batch): Value<T> {
  let current = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => current,
    getServerSnapshot: () => initial,
    set(next) {
      if (Object.is(next, current)) return;
      current = next;
      if (listeners.size > 0) batch.mark(listeners);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
