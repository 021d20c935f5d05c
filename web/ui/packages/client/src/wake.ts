/** What the browser knows of the network and the page, so that nobody waits for a timer. */
export interface WakePorts {
  /** The network or the page is back. */
  wake(): void;
  /** The network is gone. */
  offline(): void;
}

/** Listens until the returned undo is called. Nothing where there is no window. */
export function onWake(ports: WakePorts): () => void {
  if (!globalThis.document) return () => undefined;
  const listening = new AbortController();
  const { signal } = listening;
  const on = (target: EventTarget, event: string, then: () => void): void =>
    target.addEventListener(event, then, { signal });
  const wake = (): void => {
    if (document.visibilityState === 'visible') ports.wake();
  };
  on(window, 'online', () => ports.wake());
  on(window, 'offline', () => ports.offline());
  on(window, 'pageshow', wake);
  on(document, 'visibilitychange', wake);
  return () => listening.abort();
}
