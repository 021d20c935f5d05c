/** What the browser knows of the network and the page, so that nobody waits for a timer. */
export interface WakePorts {
  /** The network or the page is back. */
  wake(): void;
  /** The network is gone. */
  offline(): void;
}

/** Listens until the returned undo is called. Nothing where there is no window. */
export function onWake(ports: WakePorts): () => void {
  if (typeof window === 'undefined') return () => undefined;
  const listening = new AbortController();
  const { signal } = listening;
  const wake = (): void => {
    if (document.visibilityState === 'visible') ports.wake();
  };
  window.addEventListener('online', () => ports.wake(), { signal });
  window.addEventListener('offline', () => ports.offline(), { signal });
  window.addEventListener('pageshow', wake, { signal });
  document.addEventListener('visibilitychange', wake, { signal });
  return () => listening.abort();
}
