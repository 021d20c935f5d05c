/** What is kept in IndexedDB: reloads, other tabs, other users, bounds, a store that fails. */
import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient, type Client, type ClientOptions } from '../src/index.ts';
import { newId } from '../src/ids.ts';
import { indexedDbOutbox } from '../src/outboxIdb.ts';
import { verdictsOf } from './behaviours.ts';
import { FakeLocks } from './fakeLocks.ts';
import { refuse, startFakeServer, type FakeServer } from './fakeServer.ts';
import { onCleanup, until, untilOnline } from './harness.ts';

const DOCUMENTS = ['d1', 'd2'].map((id) => ({ id, title: id, excerpt: '', relevance: 0.5 }));
let server: FakeServer;
let url: string;
let agentId: string;

beforeEach(async () => {
  vi.stubGlobal('navigator', { locks: new FakeLocks() });
  const started = await startFakeServer();
  onCleanup(started.stop);
  ({ server, url } = started);
  agentId = newId(); // whose items are nobody else's
  server.call('c1').suggest({ documents: DOCUMENTS });
});

afterEach(() => vi.unstubAllGlobals());

/** A tab; offline: its getToken never answers. */
function tab(online: boolean, options: Partial<ClientOptions> = {}): Client {
  const client = createClient({
    url,
    agentId,
    getToken: () => (online ? Promise.resolve('token') : new Promise(() => undefined)),
    backoff: { baseMs: 20, maxMs: 40, tokenGapMs: 10, random: () => 0.5 },
    flush: queueMicrotask,
    ...options,
  });
  client.call('c1').retain();
  client.connect();
  onCleanup(() => client.disconnect());
  return client;
}

const kept = () => indexedDbOutbox().load(`${url}|${agentId}`);
const untilKept = (count: number) =>
  until(async () => expect(await kept()).toHaveLength(count));
const given = () => server.commands('doc:feedback').map((body) => [body['doc_id'], body['helpful']]);

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
    server.echoMs = 30;
    const after = tab(true);
    const shown: unknown[] = [];
    const { suggestions } = after.call('c1');
    suggestions.subscribe(() => shown.push(suggestions.get()[0]?.helpful));
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

describe('another tab', () => {
  it('leaves to a living one what is its own, and takes it over when that one dies', async () => {
    const first = tab(false);
    first.feedback('c1', 'd1', true);
    await untilKept(1);
    const second = tab(true);
    await untilOnline(second);
    second.feedback('c1', 'd2', false);
    await until(() => expect(given()).toEqual([['d2', false]]));
    first.disconnect();
    await until(() => expect(given()).toEqual([['d2', false], ['d1', true]]));
    await untilKept(0);
  });

  it('that was there first hears of what a later one leaves behind', async () => {
    const first = tab(true);
    await untilOnline(first);
    const second = tab(false);
    second.feedback('c1', 'd1', true);
    await untilKept(1);
    second.disconnect();
    await until(() => expect(given()).toEqual([['d1', true]]));
  });

  it('replaces what this one has not sent: the last word on a document counts', async () => {
    const first = tab(false);
    first.feedback('c1', 'd1', true);
    await untilKept(1);
    const second = tab(true);
    await second.feedback('c1', 'd1', false).settled;
    first.disconnect();
    await new Promise((done) => setTimeout(done, 30));
    expect(given()).toEqual([['d1', false]]);
    expect(await kept()).toEqual([]);
  });

  it('may have taken an item: this one learns from the log what became of it', async () => {
    const client = tab(true);
    await untilOnline(client);
    server.answers.set('doc:feedback', () => refuse('busy', { retry_after_ms: 40 }));
    const mutation = client.feedback('c1', 'd1', true);
    await until(() => expect(given()).toHaveLength(1));
    await indexedDbOutbox().delete(mutation.id); // as its new owner does after sending it
    const sent = server.call('c1').verdict({
      ...{ doc_id: 'd1', helpful: true, agent_id: agentId, feedback_id: mutation.id },
    });
    await new Promise((done) => setTimeout(done, 60));
    expect(client.call('c1').suggestions.get()[0]).toMatchObject({ helpful: true, pending: true });
    server.publish('c1');
    expect(await mutation.settled).toEqual({ feedback_id: mutation.id, seq: sent.body.seq });
    await until(() => expect(client.outbox.get()).toEqual([]));
    expect(given()).toHaveLength(1);
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
    const { suggestions } = client.call('c1');
    const mutation = client.dismiss('c1', 'd1');
    expect(suggestions.get().map((card) => card.id)).toEqual(['d2']);
    await expect(mutation.settled).rejects.toMatchObject({ code: 'forbidden' });
    expect(suggestions.get().map((card) => card.id)).toEqual(['d1', 'd2']);
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

  it('is left out when the application wants none', async () => {
    const client = tab(false, { outbox: { store: null } });
    client.feedback('c1', 'd1', true);
    await new Promise((done) => setTimeout(done, 20));
    expect(await kept()).toEqual([]);
    expect(client.outbox.get()).toHaveLength(1);
  });
});

describe('a tab that inherited', () => {
  it('a later word than its own sends that one; an earlier one it drops', async () => {
    const heir = tab(false);
    heir.feedback('c1', 'd1', true);
    await untilKept(1);
    await new Promise((done) => setTimeout(done, 3));
    const dying = tab(false);
    dying.feedback('c1', 'd1', false);
    await until(async () => expect((await kept())[0]?.helpful).toBe(false));
    dying.disconnect();
    await until(() => expect(heir.outbox.get()).toHaveLength(2));
    const third = tab(true);
    await untilOnline(third);
    heir.disconnect();
    await until(() => expect(given()).toEqual([['d1', false]]));
    await untilKept(0);
  });

  it('is alive to others: what it took over is not taken from it', async () => {
    const dead = tab(false);
    dead.feedback('c1', 'd1', true);
    await untilKept(1);
    dead.disconnect();
    const heir = tab(false);
    await until(() => expect(heir.outbox.get()).toHaveLength(1));
    const third = tab(true);
    await untilOnline(third);
    await new Promise((done) => setTimeout(done, 30));
    expect([given(), third.outbox.get()]).toEqual([[], []]);
    heir.disconnect();
    await until(() => expect(given()).toEqual([['d1', true]]));
  });

  it('and signs out at once leaves nothing behind', async () => {
    const offline = tab(false);
    offline.feedback('c1', 'd1', true);
    await offline.signOut();
    await new Promise((done) => setTimeout(done, 20));
    expect(await kept()).toEqual([]);
  });

  it('may give verdicts while disconnected; they are kept for the next start', async () => {
    const client = tab(true);
    await untilOnline(client);
    client.disconnect();
    await new Promise((done) => setTimeout(done, 10));
    const { settled } = client.feedback('c1', 'd1', true);
    await untilKept(1);
    client.connect();
    await settled;
    expect(given()).toEqual([['d1', true]]);
  });
});
