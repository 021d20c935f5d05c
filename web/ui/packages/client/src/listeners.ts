/** Who asked to hear events by name. One listener's fault is not the others'. */
import type { ServerEvent } from './link.ts';
import type { EventName, ServerEvents } from './wire.gen.ts';

export type AnyListener = (name: EventName, body: ServerEvents[EventName]) => void;

export interface Listeners {
  on<K extends EventName>(event: K, listener: (body: ServerEvents[K]) => void): () => void;
  onAny(listener: AnyListener): () => void;
  tell(event: ServerEvent): void;
}

export function createListeners(): Listeners {
  const known = new Set<AnyListener>();
  const onAny = (listener: AnyListener): (() => void) => {
    // Wrapped, so that the same function may be registered twice and taken back once.
    const mine: AnyListener = (name, body) => listener(name, body);
    known.add(mine);
    return () => known.delete(mine);
  };
  return {
    on: (event, listener) =>
      onAny((name, body) => {
        if (name === event) listener(body as Parameters<typeof listener>[0]);
      }),
    onAny,
    tell({ name, body }) {
      for (const listener of known) callSafely(() => listener(name, body));
    },
  };
}

/** Its fault reaches window.onerror, and nobody else. */
export function callSafely(listener: () => void): void {
  try {
    listener();
  } catch (problem) {
    queueMicrotask(() => {
      throw problem;
    });
  }
}
