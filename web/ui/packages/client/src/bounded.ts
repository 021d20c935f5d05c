/** Work that is given up: after a time, or when nobody wants it any more. */
import { notConnected } from './errors.ts';

/**
 * What `work` settles with; `not_connected` after `ms`, or when `wanted` aborts. Then the signal
 * that `work` was given aborts, too.
 */
export async function bounded<T>(
  ms: number,
  wanted: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const bound = new AbortController();
  const giveUp = (): void => bound.abort();
  const timer = setTimeout(giveUp, ms);
  wanted.addEventListener('abort', giveUp);
  try {
    return await new Promise<T>((resolve, reject) => {
      bound.signal.addEventListener('abort', () => reject(notConnected()));
      if (wanted.aborted) giveUp();
      else work(bound.signal).then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
    wanted.removeEventListener('abort', giveUp);
  }
}
