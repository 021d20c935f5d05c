/** Which tab is alive, by lock and by lease: the same rules for both. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OutboxStore } from '../src/outboxStore.ts';
import { createTabs, LEASE_MS } from '../src/tabs.ts';
import { FakeLocks } from './fakeLocks.ts';

const leases = new Map<string, number>();
const store = {
  lease: async (tab: string, until: number) => void leases.set(tab, until),
  leasedUntil: async (tab: string) => leases.get(tab) ?? 0,
} as OutboxStore;

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  leases.clear();
});

describe.each(['lock', 'lease'])('a tab known by its %s', (how) => {
  beforeEach(() => vi.stubGlobal('navigator', how === 'lock' ? { locks: new FakeLocks() } : {}));
  const tab = (name: string) => createTabs(name, store, Date.now);

  it('is dead when nobody knows it', async () => {
    await tab('a').dead('never seen', new AbortController().signal);
  });

  it('lives until it says goodbye, and others hear of it', async () => {
    const die = await tab('a').live();
    const heard = vi.fn();
    void tab('b').dead('a', new AbortController().signal).then(heard);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(heard).not.toHaveBeenCalled();
    die();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(heard).toHaveBeenCalled();
  });

  it('is waited for no longer than somebody wants to know', async () => {
    await tab('a').live();
    const asking = new AbortController();
    const asked = expect(tab('b').dead('a', asking.signal)).rejects.toThrow();
    asking.abort();
    await vi.advanceTimersByTimeAsync(2_000);
    await asked;
  });
});

it('a tab that crashed is dead when its lease has ended', async () => {
  vi.stubGlobal('navigator', {});
  await store.lease('crashed', Date.now() + LEASE_MS);
  const heard = vi.fn();
  void createTabs('b', store, Date.now).dead('crashed', new AbortController().signal).then(heard);
  await vi.advanceTimersByTimeAsync(LEASE_MS - 1);
  expect(heard).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(heard).toHaveBeenCalled();
});
