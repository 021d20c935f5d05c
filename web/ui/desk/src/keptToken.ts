/**
 * A token that somebody pasted, kept for this tab: a reload finds it again, another tab and
 * tomorrow's browser do not. Only pasted ones come here; those of a session and of the page
 * around this one are asked for anew. It is forgotten at sign-out, when the server does not take
 * it, and when it has ended.
 */
import { claimsOf } from './claims.ts';

const PLACE = 'earshot.token';
/** This clock may be wrong, and the server is who says that a token has ended. */
const CLOCKS_DIFFER_MS = 5 * 60_000;

export function keepToken(token: string): void {
  try {
    sessionStorage.setItem(PLACE, token);
  } catch {
    // A browser that keeps nothing: then it lasts as long as the page.
  }
}

export function keptToken(now = Date.now()): string | null {
  let token: string | null;
  try {
    token = sessionStorage.getItem(PLACE);
  } catch {
    return null;
  }
  if (token === null) return null;
  const ends_s = claimsOf(token)?.['exp'];
  if (typeof ends_s === 'number' && now < ends_s * 1000 + CLOCKS_DIFFER_MS) return token;
  forgetToken();
  return null;
}

export function forgetToken(): void {
  try {
    sessionStorage.removeItem(PLACE);
  } catch {
    // Nothing was kept either.
  }
}
