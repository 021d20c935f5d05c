import type { Readable } from '@earshot/client';
import { useSyncExternalStore } from 'react';

/** The readable's value; renders again when it changes. */
export function useReadable<T>(readable: Readable<T>): T {
  return useSyncExternalStore(readable.subscribe, readable.get, readable.getServerSnapshot);
}

/** A readable that never changes: what a hook shows for no call. */
export function constant<T>(value: T): Readable<T> {
  return { get: () => value, getServerSnapshot: () => value, subscribe: () => () => undefined };
}
