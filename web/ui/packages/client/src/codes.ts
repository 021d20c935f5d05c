/** What a connection's end means: a new token, another try, or none. */
import type { TokenReason } from './tokens.ts';
import type { WireError } from './wire.gen.ts';

/** The token is at fault: ask for another one, once. Undefined: it is not. */
export function tokenFault(code: string): TokenReason | undefined {
  if (code === 'expired') return 'expired';
  return code === 'unauthenticated' ? 'rejected' : undefined;
}

/** Whether a connection that was refused so is tried again: a fault of the server may pass, too. */
export function comesBack({ code, retryable }: Pick<WireError, 'code' | 'retryable'>): boolean {
  return retryable || code === 'internal';
}
