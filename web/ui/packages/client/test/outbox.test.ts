/** What is kept in IndexedDB: reloads, other users, bounds, a store that fails. */
import { describe, expect, it, vi } from 'vitest';
import { newId } from '../src/ids.ts';
import { indexedDbOutbox } from '../src/outboxIdb.ts';
import { verdictsOf } from './behaviours.ts';
import { refuse } from './fakeServer.ts';
import { until, untilOnline } from './harness.ts';
import { given, kept, placeEachTest, server, tab, untilKept } from './outboxPlace.ts';

placeEachTest();

describe('a verdict given while offline', () => {
  it('is sent by the next page: the last one of each document, once, under its first id', async () => {
    const before = tab(false);
    before.feedback('c1', 'd1', true);
    before.feedback('c1', 'd2', true);
    const last = before.feedback('c1', 'd1', false);
    await untilKept(2);
    before.disconnect();
    const after = tab(true);
    await until(() => expect(verdictsOf(server, 'c1')).toHaveLength(2));
    expect(new Map(verdictsOf(server, 'c1'))).toEqual(new Map([['d1', false], ['d2', true]]));
    expect(server.commands('doc:feedback').map((body) => body['feedback_id'])).toContain(last.id);
    await untilKept(0);
    await until(() => expect(after.outbox.get()).toEqual([]));
  });

  it('stands over the first snapshot of the next page: no flash of the old state', async () => {
    const before = tab(false);
    before.feedback('c1', 'd1', true);
    await untilKept(1);
    before.disconnect();
    server.echoes.afterMs = null;
    const after = tab(true);
    const shown: unknown[] = [];
    const { suggestions } = after.call('c1');
    suggestions.subscribe(() => shown.push(suggestions.get()[0]?.helpful));
    await until(() => expect(verdictsOf(server, 'c1')).toEqual([['d1', true]]));
    expect(suggestions.get()[0]).toMatchObject({ helpful: true, pending: true });
    server.echoes.release();
    await until(() => expect(suggestions.get()[0]).toMatchObject({ helpful: true, pending: false }));
    expect(new Set(shown)).toEqual(new Set([undefined, true])); // no card, then this one
  });

  it('is never sent in the name of another user', async () => {
    const before = tab(false);
    before.feedback('c1', 'd1', true);
    await untilKept(1);
    before.disconnect();
    const other = tab(true, { agentId: newId() });
    await untilOnline(other);
    other.feedback('c1', 'd2', true);
    await until(() => expect(given()).toEqual([['d2', true]]));
    expect(await kept()).toHaveLength(1);
  });

  it('that waited for too long is dropped, and said so', async () => {
    const before = tab(false);
    before.feedback('c1', 'd1', true);
    await untilKept(1);
    before.disconnect();
    const after = tab(true, { outbox: { ttlMs: -1 } });
    await untilOnline(after);
    expect(after.failed.get()).toMatchObject([{ doc_id: 'd1', error: { code: 'too_old' } }]);
    expect(given()).toEqual([]);
    await untilKept(0);
  });

  it('may be cancelled, but not any more once it is on its way', async () => {
    const offline = tab(false);
    const mutation = offline.feedback('c1', 'd1', true);
    await untilKept(1);
    expect(mutation.cancel()).toBe(true);
    await expect(mutation.settled).rejects.toMatchObject({ code: 'cancelled' });
    expect([offline.outbox.get(), offline.failed.get()]).toEqual([[], []]);
    await untilKept(0);
    expect(mutation.cancel()).toBe(false);
  });

  it('goes when the user signs out', async () => {
    const offline = tab(false);
    const mutation = offline.feedback('c1', 'd1', true);
    await untilKept(1);
    await offline.signOut();
    await expect(mutation.settled).rejects.toMatchObject({ code: 'cancelled' });
    expect(await kept()).toEqual([]);
    expect(offline.connection.get().status).toBe('closed');
  });
});

describe('a dismissal', () => {
  it('hides the card at once, outlives a reload, and is sent once', async () => {
    const before = tab(false);
    before.dismiss('c1', 'd1');
    await untilKept(1);
    before.disconnect();
    const after = tab(true);
    const shown: string[][] = [];
    const { suggestions } = after.call('c1');
    suggestions.subscribe(() => shown.push(suggestions.get().map((card) => card.id)));
    await until(() => expect(server.commands('doc:seen')).toHaveLength(1));
    await until(() => expect(after.outbox.get()).toEqual([]));
    expect(new Set(shown.flat())).toEqual(new Set(['d2']));
    expect(server.commands('doc:seen')[0]).toEqual({
      call_id: 'c1',
      items: [{ doc_id: 'd1', action: 'dismissed' }],
    });
  });

  it('that is refused brings the card back', async () => {
    server.answers.set('doc:seen', () => refuse('forbidden'));
    const client = tab(true);
    await untilOnline(client);
    const { suggestions, hasDismissed } = client.call('c1');
    const mutation = client.dismiss('c1', 'd1');
    expect(suggestions.get().map((card) => card.id)).toEqual(['d2']);
    expect(hasDismissed.get()).toBe(true);
    await expect(mutation.settled).rejects.toMatchObject({ code: 'forbidden' });
    expect(suggestions.get().map((card) => card.id)).toEqual(['d1', 'd2']);
    expect(hasDismissed.get()).toBe(false);
  });
});

describe('a store that is slow', () => {
  it('keeps no page waiting, and what it holds is sent when it is there', async () => {
    const before = tab(false);
    before.feedback('c1', 'd1', true);
    await untilKept(1);
    before.disconnect();
    const store = indexedDbOutbox();
    let answer = (): void => undefined;
    const asked = new Promise<void>((done) => (answer = done));
    const load = vi.fn((owner: string) => asked.then(() => store.load(owner)));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    const after = tab(true, { outbox: { store: { ...store, load } } });
    await until(() => expect(load).toHaveBeenCalled());
    await vi.advanceTimersByTimeAsync(3_000);
    vi.useRealTimers();
    await untilOnline(after);
    expect(given()).toEqual([]);
    answer();
    await until(() => expect(given()).toEqual([['d1', true]]));
    await untilKept(0);
  });
});

describe('a store that fails', () => {
  it.each(['load', 'put', 'take'] as const)('in %s keeps no verdict from the server', async (what) => {
    const broken = { ...indexedDbOutbox(), [what]: () => Promise.reject(new Error('quota')) };
    const client = tab(true, { outbox: { store: broken } });
    await untilOnline(client);
    await client.feedback('c1', 'd1', true).settled;
    expect(given()).toEqual([['d1', true]]);
  });

  it.each(['put', 'take'] as const)('to answer in %s is waited for a while', async (what) => {
    const hung = { ...indexedDbOutbox(), [what]: () => new Promise<never>(() => undefined) };
    const client = tab(true, { outbox: { store: hung } });
    await untilOnline(client);
    await client.feedback('c1', 'd1', true).settled;
    expect(given()).toEqual([['d1', true]]);
  });

  it('because the browser forbids even to look for it is done without', async () => {
    const found = Object.getOwnPropertyDescriptor(globalThis, 'indexedDB')!;
    const get = (): never => {
      throw new DOMException('denied', 'SecurityError');
    };
    Object.defineProperty(globalThis, 'indexedDB', { configurable: true, get });
    try {
      const client = tab(true);
      await untilOnline(client);
      await client.feedback('c1', 'd1', true).settled;
    } finally {
      Object.defineProperty(globalThis, 'indexedDB', found);
    }
  });

  it('is left out when the application wants none', async () => {
    const client = tab(false, { outbox: { store: null } });
    client.feedback('c1', 'd1', true);
    await new Promise((done) => setTimeout(done, 20));
    expect(await kept()).toEqual([]);
    expect(client.outbox.get()).toHaveLength(1);
  });
});
