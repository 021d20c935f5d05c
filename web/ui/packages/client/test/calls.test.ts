/** Calls followed by cursor: nothing missed, nothing twice, through every kind of trouble. */
import { describe, expect, it } from 'vitest';
import { createClient } from '../src/index.ts';
import { refuse, startFakeServer, type FakeServer } from './fakeServer.ts';
import { onCleanup, setUp, texts, until, untilOnline, type Setup } from './harness.ts';

async function watching(begin: (server: FakeServer) => void = () => undefined): Promise<Setup> {
  const setup = await setUp((server) => {
    server.call('c1').say({ segment_id: 's1' });
    begin(server);
  });
  setup.client.call('c1').retain();
  await untilOnline(setup.client);
  return setup;
}

function since(server: FakeServer): unknown[] {
  return server.commands('call:subscribe').map((body) => body['since']);
}

describe('a subscription', () => {
  it('begins with a snapshot and goes on with events', async () => {
    const { client, server } = await watching((fake) => {
      fake.call('c1').suggest({ summary: 'A bill', summary_kind: 'title' });
    });
    expect(texts(client, 'c1')).toEqual(['s1']);
    expect(client.call('c1').summary.get().summary).toBe('A bill');
    expect(client.call('c1').sync.get()).toBe('live');
    server.call('c1').say({ segment_id: 's2', speaker: 'agent' });
    server.publish('c1');
    await until(() => expect(texts(client, 'c1')).toEqual(['s1', 's2']));
  });

  it('shows interim text and settles it', async () => {
    const { client, server } = await watching();
    server.interim('c1', { segment_id: 's2', revision: 1, text: 'my b' });
    await until(() => expect(texts(client, 'c1')).toContain('my b'));
    server.call('c1').say({ segment_id: 's2', text: 'My bill.' });
    server.publish('c1');
    server.interim('c1', { segment_id: 's2', revision: 9, text: 'my bill and' });
    await until(() => expect(texts(client, 'c1')).toContain('My bill.'));
    server.call('c1').say({ segment_id: 's3' });
    server.publish('c1');
    await until(() => expect(texts(client, 'c1')).toEqual(['s1', 'My bill.', 's3']));
  });

  it('drops what it has seen', async () => {
    const { client, server } = await watching();
    const call = server.call('c1');
    call.say({ segment_id: 's2' });
    server.publish('c1', 3);
    server.publish('c1', 2);
    await until(() => expect(texts(client, 'c1')).toEqual(['s1', 's2']));
    expect(since(server)).toEqual([undefined]);
  });

  it('misses nothing when the answer and an event come in one polling response', async () => {
    const { server, url, stop } = await startFakeServer();
    onCleanup(stop);
    server.transports = ['polling'];
    server.answers.set('call:subscribe', () => {
      // After the answer, in the same turn: both wait for the same poll.
      queueMicrotask(() => {
        server.call('c1').say({ segment_id: 's2' });
        server.publish('c1');
      });
      return undefined;
    });
    server.answers.set('agent:connect', () => {
      queueMicrotask(() => server.io.emit('call:assigned', { call_id: 'c2', call: c2 }));
      return undefined;
    });
    const c2 = { ...server.call('c1').view, call_id: 'c2' };
    server.call('c1').say({ segment_id: 's1' });
    const client = createClient({ url, agentId: 'agent-1', getToken: async () => 'token' });
    onCleanup(() => client.disconnect());
    client.call('c1').retain();
    client.connect();
    await until(() => expect(texts(client, 'c1')).toEqual(['s1', 's2']));
    expect(client.calls.get().map((row) => row.call_id)).toContain('c2');
  });

  it('asks again from its cursor when an event is missing', async () => {
    const { client, server } = await watching();
    const call = server.call('c1');
    call.say({ segment_id: 's2' });
    call.say({ segment_id: 's3' });
    call.say({ segment_id: 's4' });
    server.publish('c1', 2); // s2 is lost
    await until(() => expect(texts(client, 'c1')).toEqual(['s1', 's2', 's3', 's4']));
    expect(since(server)).toEqual([undefined, { epoch: 'e1', seq: 2 }]);
  });

  it('starts afresh without a cursor when a newer epoch begins', async () => {
    const { client, server } = await watching();
    const call = server.call('c1');
    call.reopen('e2');
    call.say({ segment_id: 'new' });
    server.publish('c1');
    await until(() => expect(texts(client, 'c1')).toEqual(['new']));
    expect(since(server)).toEqual([undefined, undefined]);
    call.say({ segment_id: 'next' });
    server.publish('c1');
    await until(() => expect(texts(client, 'c1')).toEqual(['new', 'next']));
  });

  it('resumes from its cursor after a reconnect and misses nothing', async () => {
    const { client, server } = await watching();
    server.cut();
    await until(() => expect(client.connection.get().status).toBe('reconnecting'));
    expect(client.call('c1').sync.get()).toBe('stale');
    expect(texts(client, 'c1')).toEqual(['s1']);
    server.call('c1').say({ segment_id: 's2' });
    server.call('c1').say({ segment_id: 's3' });
    await untilOnline(client);
    await until(() => expect(texts(client, 'c1')).toEqual(['s1', 's2', 's3']));
    expect(since(server)).toEqual([undefined, { epoch: 'e1', seq: 2 }]);
  });

  it('is live when all that is replayed is here', async () => {
    const { client, server } = await watching();
    const { sync } = client.call('c1');
    const seen: string[] = [];
    sync.subscribe(() => seen.push(`${sync.get()} with ${texts(client, 'c1').length}`));
    server.io.disconnectSockets(true);
    await until(() => expect(client.connection.get().status).not.toBe('online'));
    for (const id of ['s2', 's3', 's4']) server.call('c1').say({ segment_id: id });
    await until(() => expect(seen.at(-1)).toBe('live with 4'));
    expect(seen.filter((one) => one.startsWith('live'))).toEqual(['live with 4']);
  });

  it('to a call that is not ours yet succeeds when the call is assigned', async () => {
    const { client, server } = await watching();
    client.call('c2').retain();
    await until(() => expect(since(server)).toHaveLength(2));
    await until(() => expect(client.call('c2').sync.get()).toBe('stale'));
    const call = server.call('c2');
    call.say({ segment_id: 'hello' });
    server.io.emit('call:assigned', { call_id: 'c2', call: call.view });
    await until(() => expect(texts(client, 'c2')).toEqual(['hello']));
    expect(client.calls.get().map((row) => row.call_id)).toContain('c2');
  });

  it('that is refused for now is asked for again', async () => {
    let refusals = 2;
    const { client, server } = await watching((fake) => {
      fake.answers.set('call:subscribe', () =>
        (refusals -= 1) < 0 ? undefined : refuse('rate_limited', { retry_after_ms: 5 }),
      );
    });
    await until(() => expect(texts(client, 'c1')).toEqual(['s1']));
    expect(since(server)).toHaveLength(3);
  });

  it('is one for many who retain it', async () => {
    const { client, server } = await watching();
    const undo = client.call('c1').retain();
    undo();
    undo();
    expect(client.call('c1').sync.get()).toBe('live');
    expect(since(server)).toHaveLength(1);
  });

  it('fetches older lines on demand', async () => {
    const { client } = await setUp((server) => {
      for (let n = 1; n <= 250; n += 1) server.call('c1').say({ segment_id: `s${n}` });
    });
    const call = client.call('c1');
    call.retain();
    await untilOnline(client);
    expect([call.segmentIds.get().length, call.hasOlder.get()]).toEqual([200, true]);
    expect(await call.loadOlder()).toBe(50);
    expect([call.segmentIds.get()[0], call.hasOlder.get()]).toEqual(['s1', false]);
  });
});

describe('the list of calls', () => {
  it('has live calls first, then by their start', async () => {
    const { client, server } = await setUp((fake) => {
      fake.call('old').view.started_at = '2026-01-01T00:00:00.000Z';
      fake.call('new').view.started_at = '2026-01-02T00:00:00.000Z';
    });
    await untilOnline(client);
    expect(client.calls.get().map((row) => row.call_id)).toEqual(['new', 'old']);
    client.call('new').retain();
    await until(() => expect(client.call('new').sync.get()).toBe('live'));
    server.call('new').status({ status: 'ended', ended_at: '2026-01-02T00:05:00.000Z' });
    server.publish('new');
    await until(() => {
      expect(client.calls.get().map((row) => row.call_id)).toEqual(['old', 'new']);
    });
  });

  it('loses a call that was taken away', async () => {
    const { client, server } = await watching();
    server.io.emit('call:unassigned', { call_id: 'c1' });
    await until(() => expect(client.calls.get()).toEqual([]));
    expect(client.call('c1').sync.get()).toBe('stale');
  });

  it('keeps a followed call that ended while the connection was away', async () => {
    const { client, server } = await watching();
    server.cut();
    server.call('c1').status({ status: 'ended' });
    await until(() => expect(client.calls.get()[0]?.status).toBe('ended'));
  });

  it('forgets a call that the server no longer knows', async () => {
    const { client, server } = await watching();
    server.calls.delete('c1');
    server.cut();
    await until(() => expect(client.calls.get()).toEqual([]));
  });
});

describe('listeners of events', () => {
  it('hear the body of what they asked for, until the undo', async () => {
    const { client, server } = await watching();
    const heard: string[] = [];
    const undo = client.on('call:health', (health) => heard.push(health.suggestions));
    const send = (suggestions: string): void => {
      const body = { call_id: 'c1', transcription: 'ok', suggestions };
      server.send('c1', { name: 'call:health', body });
    };
    send('slow');
    await until(() => expect(heard).toEqual(['slow']));
    expect(client.call('c1').health.get()?.suggestions).toBe('slow');
    undo();
    send('ok');
    await until(() => expect(client.call('c1').health.get()?.suggestions).toBe('ok'));
    expect(heard).toEqual(['slow']);
  });
});
