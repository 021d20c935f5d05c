/** What a connection's end means: a new token, another try, or none. */
import type { TokenReason } from './tokens.ts';
import { STAYS_AWAY } from './wire.gen.ts';

/** The token is at fault: ask for another one, once. Undefined: it is not. */
export function tokenFault(code: string): TokenReason | undefined {
  if (code === 'expired') return 'expired';
  return code === 'unauthenticated' ? 'rejected' : undefined;
}

/** A code of ours says so itself; anything else is Socket.IO's word for a lost network. */
export function comesBack(code: string): boolean {
  return !STAYS_AWAY.includes(code);
}
