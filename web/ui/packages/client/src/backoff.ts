/** How long to wait before the next try. */
export interface Backoff {
  /** The first window, in milliseconds; it doubles with every failed try. */
  baseMs: number;
  /** The widest window. */
  maxMs: number;
  /** A connection that lived this long starts again at the first window. */
  stableAfterMs: number;
  /** From one `getToken` that did not help to the next: a sign-in service is not hammered. */
  tokenGapMs: number;
  /** 0 up to 1. */
  random: () => number;
}

export const DEFAULT_BACKOFF: Backoff = {
  baseMs: 500,
  maxMs: 10_000,
  stableAfterMs: 5_000,
  tokenGapMs: 5_000,
  random: Math.random,
};

/**
 * Full jitter: anywhere between nothing and the window, also at the cap. A jitter that is
 * capped afterwards puts every client on the same millisecond once the window is full.
 */
export function delayMs(backoff: Backoff, attempt: number): number {
  const window = Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(attempt, 30));
  return backoff.random() * window;
}
