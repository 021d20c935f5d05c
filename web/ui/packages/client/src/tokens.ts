/** The current token, and who asks for the next one: one `getToken` at a time. */
export type TokenReason = 'initial' | 'expired' | 'rejected';

/**
 * Gives a token. Throws UnauthorizedError when somebody must sign in; anything else it throws
 * is taken for a passing fault and tried again later.
 */
export type GetToken = (context: { reason: TokenReason; signal: AbortSignal }) => Promise<string>;

export interface Tokens {
  get(signal: AbortSignal): Promise<string>;
  /** Forget the current one: the server did not take it, or it ends. */
  drop(reason: TokenReason): void;
}

export function createTokens(getToken: GetToken): Tokens {
  let current: string | null = null;
  let reason: TokenReason = 'initial';
  let asking: Promise<string> | null = null;
  return {
    async get(signal) {
      if (current !== null) return current;
      asking ??= getToken({ reason, signal }).finally(() => {
        asking = null;
      });
      current = await asking;
      return current;
    },
    drop(why) {
      current = null;
      reason = why;
    },
  };
}
