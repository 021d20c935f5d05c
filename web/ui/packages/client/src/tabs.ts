/**
 * Who of several tabs is alive, so that what a dead one left is sent by another. A tab holds a
 * lock of the browser for as long as it lives; asking for that lock is waiting for its death.
 * Locks need a secure context: elsewhere a tab renews a lease in the outbox's store.
 */
import type { OutboxStore } from './outboxStore.ts';

export interface Tabs {
  /** From now on others see that this tab lives, until the returned undo is called. */
  live(): Promise<() => void>;
  /** Resolves when `tab` is dead; rejects when `signal` aborts. */
  dead(tab: string, signal: AbortSignal): Promise<void>;
}

/** A tab that did not renew for so long is taken for dead. */
export const LEASE_MS = 6_000;
const BEAT_MS = 2_000;

export function createTabs(tab: string, store: OutboxStore, now: () => number): Tabs {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  return locks ? byLock(tab, locks) : byLease(tab, store, now);
}

function nameOf(tab: string): string {
  return `earshot:${tab}`;
}

function byLock(tab: string, locks: LockManager): Tabs {
  return {
    live: () =>
      new Promise((held, refused) => {
        locks
          .request(nameOf(tab), () => new Promise<void>((release) => held(release)))
          .catch(refused);
      }),
    dead: (other, signal) => locks.request(nameOf(other), { signal }, () => undefined),
  };
}

function byLease(tab: string, store: OutboxStore, now: () => number): Tabs {
  const beat = (): Promise<void> => store.lease(tab, now() + LEASE_MS);
  return {
    async live() {
      await beat();
      const timer = setInterval(() => void beat().catch(() => undefined), BEAT_MS);
      return () => {
        clearInterval(timer);
        void store.lease(tab, 0).catch(() => undefined);
      };
    },
    async dead(other, signal) {
      for (;;) {
        const left = (await store.leasedUntil(other)) - now();
        signal.throwIfAborted();
        if (left <= 0) return;
        await new Promise((done) => setTimeout(done, Math.min(left, BEAT_MS)));
        signal.throwIfAborted();
      }
    },
  };
}
