/**
 * Keeps an outbox's items in a store and takes over what dead tabs left there. A store that
 * fails is used no more, one that hangs is not waited for: what an agent does must never wait for
 * a disk. Loaded when a client connects, so that a page does not wait for it either.
 */
import { indexedDbOutbox } from './outboxIdb.ts';
import { Heritage } from './heritage.ts';
import type { Outbox } from './outbox.ts';
import type { OutboxStore, StoredItem } from './outboxStore.ts';
import { createTabs, type Tabs } from './tabs.ts';

export interface KeeperPorts {
  /** Default: IndexedDB. */
  store: OutboxStore | null | undefined;
  owner: string;
  /** This tab, and no other ever. */
  tab: string;
  ttlMs: number;
  now(): number;
  /** Whose items are kept. */
  outbox: Outbox;
}

/** A start, and a verdict on its way, wait so long for the store; it is used when it is there. */
const STORE_MS = 2_000;
/** Of a start, for tabs that are just going. */
const TAKEOVER_MS = 150;
/** No tab's name: nobody holds its lock. */
const NOBODY = '';

export class Keeper {
  readonly heritage: Heritage;
  readonly #ports: KeeperPorts;
  readonly #store: OutboxStore;
  readonly #tabs: Tabs;
  #isBroken = false;
  #channel: BroadcastChannel | null = null;
  #closing = new AbortController();
  #living: Promise<() => void> | null = null;
  #writing: Promise<unknown> = Promise.resolve();
  /** The ids of what is on its way to the store: that it is not there yet says nothing. */
  readonly #unwritten = new Set<string>();
  readonly #watched = new Set<string>();

  constructor(ports: KeeperPorts) {
    this.#ports = ports;
    this.heritage = new Heritage(ports.outbox, this);
    this.#store = ports.store ?? indexedDbOutbox();
    this.#tabs = createTabs(ports.tab, this.#store, ports.now);
  }

  /**
   * Settles when what dead tabs left is ours, or when nobody waits for a slow store any more: what
   * it holds is taken over when it comes, and what dies later then.
   */
  async open(): Promise<void> {
    this.#closing = new AbortController();
    const { owner } = this.#ports;
    if (typeof BroadcastChannel === 'function') {
      this.#channel = new BroadcastChannel(`earshot:${owner}`);
      this.#channel.onmessage = ({ data: tab }) => void this.#await(String(tab));
      (this.#channel as { unref?(): void }).unref?.(); // Node would wait for it
    }
    await within(STORE_MS, this.#find(), undefined);
  }

  async #find(): Promise<void> {
    const { owner, now, ttlMs, outbox } = this.#ports;
    const { signal } = this.#closing;
    const items = await this.#safely(() => this.#store.load(owner), []);
    if (signal.aborted) return;
    const living = new Set<string>();
    for (const item of items) {
      if (item.created_at >= now() - ttlMs) living.add(item.tab);
      else if (outbox.isOurs(item)) this.heritage.tooOld(item);
    }
    const taken = Promise.all([...living].map((tab) => this.#await(tab)));
    await within<unknown>(TAKEOVER_MS, taken, undefined);
  }

  /** What is not sent is left to other tabs, or to the next start. */
  close(): void {
    const closing = this.#closing;
    const channel = this.#channel;
    closing.abort();
    // What is being written is to be seen by who inherits it.
    void this.#writing.then(() => {
      channel?.close();
      if (this.#channel === channel) this.#channel = null;
      if (this.#closing === closing) this.idle();
    });
  }

  /** Nothing of ours is kept: others need not know whether we live. */
  idle(): void {
    void this.#living?.then((die) => die(), () => undefined);
    this.#living = null;
  }

  put(item: StoredItem): Promise<void> {
    const written = this.#put(item);
    this.#writing = Promise.all([this.#writing, written]).then(() => undefined);
    return within(STORE_MS, written, undefined);
  }

  async #put(item: StoredItem): Promise<void> {
    this.#unwritten.add(item.id);
    await this.#safely(() => this.#live(), undefined);
    await this.#safely(() => this.#store.put(item), undefined);
    this.#unwritten.delete(item.id);
    this.#channel?.postMessage(this.#ports.tab);
  }

  /** Before anything of ours can be seen, or another tab would take it for left behind. */
  #live(): Promise<() => void> {
    return (this.#living ??= this.#tabs.live());
  }

  /** False: another tab has taken it over, or replaced it. */
  async take(item: StoredItem): Promise<boolean> {
    if (this.#unwritten.has(item.id)) return true;
    const taken = this.#safely(() => this.#store.take(item.id, this.#ports.tab), true);
    return within(STORE_MS, taken, true);
  }

  delete(id: string): void {
    void this.#safely(() => this.#store.delete(id), undefined);
  }

  /** Nobody's: the next page that starts and may send it has it. */
  leave(item: StoredItem): void {
    void this.put({ ...item, tab: NOBODY });
  }

  /** All of this user, but what another tenant's user of the same name has left. */
  async clear(): Promise<void> {
    const { owner, outbox } = this.#ports;
    await within(STORE_MS, this.#writing, undefined);
    const cleared = this.#safely(async () => {
      const items = await this.#store.load(owner);
      const ours = items.filter(outbox.isOurs);
      if (ours.length === items.length) await this.#store.clear(owner);
      else await Promise.all(ours.map((item) => this.#store.delete(item.id)));
    }, undefined);
    await within(STORE_MS, cleared, undefined);
  }

  /** Wait for the tab's death and inherit. */
  async #await(tab: string): Promise<void> {
    if (tab === this.#ports.tab || this.#watched.has(tab)) return;
    this.#watched.add(tab);
    const { signal } = this.#closing;
    const { owner, outbox, tab: mine } = this.#ports;
    try {
      await this.#tabs.dead(tab, signal);
      const items = await this.#store.load(owner);
      const left = items.filter((item) => item.tab === tab && outbox.isOurs(item));
      if (left.length > 0) await this.#live();
      for (const item of left) {
        if (signal.aborted) return;
        if (await this.#store.take(item.id, mine)) this.heritage.adopt(item, mine);
      }
      if (left.length > 0) this.#channel?.postMessage(mine);
      await this.#store.lease(tab, 0);
    } catch {
      // Closed, or the store is gone: what is left there is for another start.
    } finally {
      this.#watched.delete(tab);
    }
  }

  async #safely<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    if (this.#isBroken) return otherwise;
    try {
      return await work();
    } catch {
      this.#isBroken = true;
      return otherwise;
    }
  }
}

/** What it settles with; `otherwise` when that takes longer. */
async function within<T>(ms: number, work: Promise<T>, otherwise: T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<T>((done) => (timer = setTimeout(() => done(otherwise), ms)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
