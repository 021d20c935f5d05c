/** One browser, several tabs of one agent, a server: what the outbox's tests share. */
import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { createClient, type Client, type ClientOptions } from '../src/index.ts';
import { newId } from '../src/ids.ts';
import { indexedDbOutbox } from '../src/outboxIdb.ts';
import { FakeLocks } from './fakeLocks.ts';
import { startFakeServer, type FakeServer } from './fakeServer.ts';
import { onCleanup, until } from './harness.ts';

const DOCUMENTS = ['d1', 'd2'].map((id) => ({ id, title: id, excerpt: '', relevance: 0.5 }));
export let server: FakeServer;
let url: string;
export let agentId: string;

/** In every file: a server, locks and an agent of its own before each test. */
export function placeEachTest(): void {
  beforeEach(async () => {
    vi.stubGlobal('navigator', { locks: new FakeLocks() });
    const started = await startFakeServer();
    onCleanup(started.stop);
    ({ server, url } = started);
    agentId = newId(); // whose items are nobody else's
    server.call('c1').suggest({ documents: DOCUMENTS });
  });

  afterEach(() => vi.unstubAllGlobals());
}

/** A tab; offline: its getToken never answers. */
export function tab(online: boolean, options: Partial<ClientOptions> = {}): Client {
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

export const owner = () => `${url}|${agentId}`;
export const kept = () => indexedDbOutbox().load(owner());
export const untilKept = (count: number) =>
  until(async () => expect(await kept()).toHaveLength(count));
export const given = () => server.commands('doc:feedback').map((body) => [body['doc_id'], body['helpful']]);
