/** What the browser knows of the network and the page, so that nobody waits for a timer. */
export interface WakePorts {
  /** The network or the page is back. */
  wake(): void;
  /** The network is gone. */
  offline(): void;
}

/** A closed lid raises no event: the clock has jumped when it opens. */
const TICK_MS = 1_000;
const SLEPT_MS = 3_000;

/** Listens until the returned undo is called. Nothing where there is no window. */
export function onWake({ wake, offline }: WakePorts): () => void {
  if (!globalThis.document) return () => undefined;
  const listening = new AbortController();
  const options = { signal: listening.signal, capture: true };
  // A hidden page's timers are late by design, and nobody looks at it.
  const look = (): void => {
    if (document.visibilityState === 'visible') wake();
  };
  addEventListener('online', wake, options);
  addEventListener('offline', offline, options);
  for (const event of ['pageshow', 'visibilitychange', 'resume']) {
    addEventListener(event, look, options);
  }
  let tickedAt = Date.now();
  const ticking = setInterval(() => {
    if (Date.now() - tickedAt > SLEPT_MS) look();
    tickedAt = Date.now();
  }, TICK_MS);
  return () => {
    clearInterval(ticking);
    listening.abort();
  };
}
