/** Any order of clicks, cuts, reloads and misbehaviour: the server has each document's last word. */
import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClient, type Client } from '../src/index.ts';
import { newId } from '../src/ids.ts';
import { losingAnswers, losingEvery, refusing, slow, twice, verdictsOf } from './behaviours.ts';
import { FakeLocks } from './fakeLocks.ts';
import { startFakeServer, type FakeServer } from './fakeServer.ts';
import { texts, until } from './harness.ts';

afterEach(() => vi.unstubAllGlobals());

const BEHAVIOURS = {
  busy: (server: FakeServer) => server.behave(refusing('doc:feedback', 'busy', 2)),
  unavailable: (server: FakeServer) => server.behave(refusing('call:subscribe', 'unavailable')),
  lost: (server: FakeServer) => server.behave(losingAnswers('doc:feedback')),
  lostSubscription: (server: FakeServer) => server.behave(losingAnswers('call:subscribe')),
  slow: (server: FakeServer) => server.behave(slow(4)),
  twice: (server: FakeServer) => void server.routes.push(twice),
  holes: (server: FakeServer) => void server.routes.push(losingEvery(3)),
};
type Name = keyof typeof BEHAVIOURS;

const click = fc.record({
  kind: fc.constant('click' as const),
  doc: fc.constantFrom('d1', 'd2', 'd3'),
  helpful: fc.constantFrom(true, false, null),
});
const step = fc.oneof(
  { weight: 5, arbitrary: click },
  { weight: 2, arbitrary: fc.constant({ kind: 'line' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'cut' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reload' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'wait' as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
/** `RUNS=500 npx vitest run orderings` looks further. */
const RUNS = Number(process.env['RUNS'] ?? 25);
const names = fc.subarray(Object.keys(BEHAVIOURS) as Name[]);

describe('any order of clicks, lines, cuts and reloads, under any misbehaviour', () => {
  it('ends with the last word on each document, once, and every line, once', async () => {
    await fc.assert(
      fc.asyncProperty(names, fc.array(step, { minLength: 1, maxLength: 14 }), run),
      { numRuns: RUNS, interruptAfterTimeLimit: 20_000 },
    );
  });
});

async function run(misbehaving: Name[], steps: Step[]): Promise<void> {
  vi.stubGlobal('navigator', { locks: new FakeLocks() });
  const { server, url, stop } = await startFakeServer();
  for (const name of misbehaving) BEHAVIOURS[name](server);
  const agentId = newId();
  let page = open(url, agentId);
  const asked = new Map<string, boolean | null>();
  let lines = 0;
  server.call('c1');
  try {
    for (const one of steps) {
      if (one.kind === 'click') {
        asked.set(one.doc, one.helpful);
        page.feedback('c1', one.doc, one.helpful);
      } else if (one.kind === 'line') {
        server.call('c1').say({ segment_id: `s${(lines += 1)}` });
        server.publish('c1');
      } else if (one.kind === 'cut') server.cut();
      else {
        await new Promise((done) => setTimeout(done, 5));
        if (one.kind === 'wait') continue;
        page.disconnect();
        page = open(url, agentId);
      }
    }
    const last = page;
    // What a page left a moment ago is inherited a moment later.
    await until(() => expect(new Map(verdictsOf(server, 'c1'))).toEqual(asked));
    await until(() => expect(last.outbox.get()).toEqual([]));
    server.routes.length = 0;
    server.call('c1').say({ segment_id: 'end' });
    server.publish('c1'); // shows the hole that was there
    const said = Array.from({ length: lines }, (_, n) => `s${n + 1}`);
    await until(() => expect(texts(last, 'c1')).toEqual([...said, 'end']));
    expect(new Map(verdictsOf(server, 'c1'))).toEqual(asked);
    const ids = server.call('c1').events.flatMap(({ body }) => ('feedback_id' in body ? [body.feedback_id] : []));
    expect(new Set(ids).size).toBe(ids.length);
  } finally {
    page.disconnect();
    await stop();
  }
}

function open(url: string, agentId: string): Client {
  const client = createClient({
    url,
    agentId,
    getToken: async () => 'token',
    backoff: { baseMs: 4, maxMs: 8, tokenGapMs: 2, random: () => 0.5 },
    flush: queueMicrotask,
  });
  client.call('c1').retain();
  client.connect();
  return client;
}
