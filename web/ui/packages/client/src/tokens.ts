/**
 * The current token, and who asks for the next one: one `getToken` at a time, bounded in
 * time, with a gap after every one that did not help.
 */
import { bounded } from './bounded.ts';

export type TokenReason = 'initial' | 'expired' | 'rejected';

/**
 * Gives a token. Throws UnauthorizedError when somebody must sign in; anything else it throws
 * is taken for a passing fault and tried again later. `signal` aborts when the token is not
 * wanted any more.
 */
export type GetToken = (context: { reason: TokenReason; signal: AbortSignal }) => Promise<string>;

export interface Tokens {
  get(signal: AbortSignal): Promise<string>;
  /** A new one, whatever is known. The current one stays until the new one is there. */
  renew(signal: AbortSignal): Promise<string>;
  /** Forget the current one: the server did not take it, or it ends. */
  drop(reason: TokenReason): void;
  /** Somebody asked by hand: the gap is over. */
  now(): void;
}

export const TOKEN_TIMEOUT_MS = 30_000;

export function createTokens(getToken: GetToken, gapMs: number, now: () => number): Tokens {
  let current: string | null = null;
  let reason: TokenReason = 'initial';
  let asking: { signal: AbortSignal; token: Promise<string> } | null = null;
  let mayAskAt = 0;

  async function ask(wanted: AbortSignal): Promise<string> {
    // A clock that was set back makes nobody wait for longer.
    const wait = Math.min(gapMs, Math.max(0, mayAskAt - now()));
    current = await bounded(wait + TOKEN_TIMEOUT_MS, wanted, async (signal) => {
      if (wait > 0) await new Promise((done) => setTimeout(done, wait));
      signal.throwIfAborted();
      mayAskAt = now() + gapMs;
      return getToken({ reason, signal });
    });
    if (reason === 'initial') mayAskAt = 0; // the first one that is refused is replaced at once
    return current;
  }

  function once(signal: AbortSignal): Promise<string> {
    if (asking && !asking.signal.aborted) return asking.token;
    const mine = { signal, token: ask(signal) };
    asking = mine;
    const done = (): void => {
      if (asking === mine) asking = null;
    };
    mine.token.then(done, done);
    return mine.token;
  }

  return {
    get: (signal) => (current === null ? once(signal) : Promise.resolve(current)),
    renew(signal) {
      reason = 'expired';
      return once(signal);
    },
    drop(why) {
      current = null;
      reason = why;
    },
    now() {
      mayAskAt = 0;
    },
  };
}
