/** What a tab keeps of a pasted token, and for how long. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forgetToken, keepToken, keptToken } from '../src/keptToken.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const MINUTE_MS = 60_000;
const tokenUntil = (ends_ms: number): string =>
  `e30.${btoa(JSON.stringify({ sub: 'ann', exp: ends_ms / 1000 }))}.x`;

beforeEach(() => sessionStorage.clear());
afterEach(() => vi.unstubAllGlobals());

describe('a pasted token', () => {
  it('is found again until it has ended, in this tab alone', () => {
    const token = tokenUntil(NOW + MINUTE_MS);
    keepToken(token);
    expect(keptToken(NOW)).toBe(token);
    expect(localStorage.length).toBe(0);
  });

  it('is not thrown away by a clock that is five minutes ahead, and is an hour after its end', () => {
    const token = tokenUntil(NOW + MINUTE_MS);
    keepToken(token);
    expect(keptToken(NOW + 5 * MINUTE_MS)).toBe(token);
    expect(keptToken(NOW + 60 * MINUTE_MS)).toBeNull();
    expect(sessionStorage.length).toBe(0);
  });

  it('that says no end is not kept: the server would not take it', () => {
    keepToken(`e30.${btoa('{"sub":"ann"}')}.x`);
    expect(keptToken(NOW)).toBeNull();
    expect(sessionStorage.length).toBe(0);
  });

  it('is gone when it was forgotten', () => {
    keepToken(tokenUntil(NOW + MINUTE_MS));
    forgetToken();
    expect(keptToken(NOW)).toBeNull();
  });

  it('that the browser will not keep is no fault', () => {
    const refuse = (): never => {
      throw new DOMException('no', 'SecurityError');
    };
    vi.stubGlobal('sessionStorage', { getItem: refuse, setItem: refuse, removeItem: refuse });
    keepToken(tokenUntil(NOW + MINUTE_MS));
    expect(keptToken(NOW)).toBeNull();
  });
});
