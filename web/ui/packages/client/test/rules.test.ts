/** The small pure rules: cursor, back-off, the server's clock, one round of listeners. */
import { describe, expect, it, vi } from 'vitest';
import { DEFAULT_BACKOFF, delayMs } from '../src/backoff.ts';
import { createBatch } from '../src/batch.ts';
import { createServerClock } from '../src/clock.ts';
import { comesBack, tokenFault } from '../src/codes.ts';
import { relation } from '../src/cursor.ts';
import { newId } from '../src/ids.ts';
import { createValue } from '../src/readable.ts';
import { CODES } from '../src/wire.gen.ts';

describe('a cursor', () => {
  it.each([
    ['e2', 8, 'next'],
    ['e2', 7, 'stale'],
    ['e2', 1, 'stale'],
    ['e2', 9, 'gap'],
    ['e3', 8, 'reset'],
    ['e1', 8, 'stale'],
  ])('at e2:7 finds the event %s:%i to be %s', (epoch, seq, expected) => {
    expect(relation({ epoch: 'e2', seq: 7 }, epoch, seq)).toBe(expected);
  });
});

describe('the back-off', () => {
  it('doubles its window up to the cap', () => {
    const widest = { ...DEFAULT_BACKOFF, random: () => 0.999 };
    expect([0, 1, 2, 3, 4, 5, 6, 60].map((n) => delayMs(widest, n))).toEqual([
      499.5, 999, 1998, 3996, 7992, 9990, 9990, 9990,
    ]);
  });

  it('still spreads clients over the whole window at the cap', () => {
    const buckets = new Set<number>();
    for (let place = 0; place < 40; place += 1) {
      const backoff = { ...DEFAULT_BACKOFF, random: () => place / 40 };
      buckets.add(Math.floor(delayMs(backoff, 12) / 250));
    }
    expect(buckets.size).toBe(40);
  });
});

describe('a code', () => {
  it('comes back exactly when the wire says so', () => {
    for (const [code, { reconnect, retryable }] of Object.entries(CODES)) {
      expect(comesBack({ code, retryable }), code).toBe(reconnect);
    }
  });

  it('asks for a new token only when the token is at fault', () => {
    const asking = Object.keys(CODES).filter((code) => tokenFault(code));
    expect(asking).toEqual(['unauthenticated', 'expired']);
  });
});

describe("the server's clock", () => {
  it.each([-300_000, 0, 300_000])('is known within the round trip when off by %i ms', (skew) => {
    let local = 1_000_000;
    const clock = createServerClock(() => local);
    const askedAt = local;
    const serverTime = new Date(local + 40 + skew).toISOString();
    local += 80;
    clock.learn(serverTime, askedAt);
    expect(Math.abs(clock.now() - (local + skew))).toBeLessThanOrEqual(40);
  });

  it('ignores a time it cannot read', () => {
    const clock = createServerClock(() => 5);
    clock.learn('yesterday', 1);
    expect(clock.now()).toBe(5);
  });
});

describe('a batch', () => {
  it('calls a listener once for many changes of many values', () => {
    const rounds: (() => void)[] = [];
    const batch = createBatch((flush) => rounds.push(flush));
    const [one, two] = [createValue(0, batch), createValue('', batch)];
    const listener = vi.fn();
    one.subscribe(listener);
    two.subscribe(listener);
    for (let n = 1; n <= 100; n += 1) one.set(n);
    two.set('x');
    expect([one.get(), two.get(), rounds.length]).toEqual([100, 'x', 1]);
    rounds[0]?.();
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('does not call for the same value, nor after the undo', () => {
    const batch = createBatch((flush) => flush());
    const value = createValue(1, batch);
    const listener = vi.fn();
    const undo = value.subscribe(listener);
    value.set(1);
    undo();
    value.set(2);
    expect(listener).not.toHaveBeenCalled();
  });
});

describe('an id', () => {
  it('is made without randomUUID too, which plain http pages do not have', () => {
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
    const ids = new Set(Array.from({ length: 50 }, newId));
    vi.unstubAllGlobals();
    expect(ids.size).toBe(50);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_.:@|+*-]{1,128}$/);
  });
});
