/**
 * What is replayed after a lost connection is shown as one change at its end, not one a frame:
 * 2,000 events are a few commits. A replay that takes long is shown now and then, and what an
 * agent does meanwhile at once.
 */
import type { CallHandle, Readable } from '@earshot/client';
import { useMemo, useSyncExternalStore } from 'react';

const SHOWN_MS = 1_000;

interface Hold {
  /** What was held back is shown now. */
  show(): void;
  watch<T>(readable: Readable<T>): Pick<Readable<T>, 'get' | 'subscribe'>;
}

const holds = new WeakMap<CallHandle, Hold>();

export function holdOf(handle: CallHandle): Hold {
  let hold = holds.get(handle);
  if (!hold) holds.set(handle, (hold = createHold(handle)));
  return hold;
}

function createHold({ sync }: CallHandle): Hold {
  const waiting = new Set<() => void>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function show(): void {
    clearTimeout(timer);
    timer = undefined;
    const round = [...waiting];
    waiting.clear();
    for (const take of round) take();
  }

  function look(): void {
    if (sync.get() !== 'syncing') show();
    else if (waiting.size > 0) timer ??= setTimeout(show, SHOWN_MS);
  }

  return {
    show,
    watch(readable) {
      let shown = readable.get();
      return {
        // Whatever renders meanwhile must not show a part of it, either.
        get: () => (sync.get() === 'syncing' ? shown : (shown = readable.get())),
        subscribe(listener) {
          const take = (): void => {
            shown = readable.get();
            listener();
          };
          const undo = [
            sync.subscribe(look),
            readable.subscribe(() => {
              waiting.add(take);
              look();
            }),
          ];
          return () => {
            waiting.delete(take);
            undo.forEach((one) => one());
          };
        },
      };
    },
  };
}

/** The value of something of the call that its log changes. */
export function useLogged<T>(handle: CallHandle | null, readable: Readable<T>): T {
  const { get, subscribe } = useMemo(
    () => (handle ? holdOf(handle).watch(readable) : readable),
    [handle, readable],
  );
  return useSyncExternalStore(subscribe, get, readable.getServerSnapshot);
}
