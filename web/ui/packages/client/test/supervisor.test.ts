/** A supervisor's wall: one question for all of them, its changes, and its trouble. */
import { describe, expect, it } from 'vitest';
import { watchCalls } from '../src/supervisor.ts';
import { refusing } from './behaviours.ts';
import { refuse, type FakeServer } from './fakeServer.ts';
import { setUp, until, type Setup } from './harness.ts';

function two(server: FakeServer): void {
  server.call('a').view.started_at = '2026-01-01T00:00:00.000Z';
  server.call('b').view.started_at = '2026-01-02T00:00:00.000Z';
  server.call('b').view.agent_ids = ['agent-2'];
}

const ids = (setup: Setup, filter = {}): string[] =>
  watchCalls(setup.client, filter)
    .calls.get()
    .map((call) => call.call_id);

describe('a wall', () => {
  it('shows the list and what changes, the newest first', async () => {
    const setup = await setUp(two);
    const wall = watchCalls(setup.client);
    wall.retain();
    await until(() => expect(wall.sync.get()).toBe('live'));
    expect(ids(setup)).toEqual(['b', 'a']);
    const c = { ...setup.server.call('a').view, call_id: 'c' };
    setup.server.io.emit('calls:changed', { calls: [c], removed: ['b'] });
    await until(() => expect(ids(setup)).toEqual(['a', 'c']));
    setup.server.io.emit('calls:changed', { calls: [c], complete: true });
    await until(() => expect(ids(setup)).toEqual(['c']));
  });

  it('asks with its filter when it is the only one, and without when there are several', async () => {
    const setup = await setUp(two);
    const { client, server } = setup;
    const filter = { agent_id: 'agent-2' };
    watchCalls(client, filter).retain();
    await until(() => expect(server.commands('calls:watch')).toEqual([{ filter }]));
    const undo = watchCalls(client).retain();
    await until(() => expect(server.commands('calls:watch')[1]).toEqual({ filter: {} }));
    await until(() => expect(ids(setup)).toEqual(['b', 'a']));
    expect(ids(setup, filter)).toEqual(['b']);
    undo();
  });

  it('asks again in every session, and shows the old list meanwhile', async () => {
    const setup = await setUp(two);
    const { client, server } = setup;
    const wall = watchCalls(client);
    wall.retain();
    await until(() => expect(wall.sync.get()).toBe('live'));
    server.cut();
    await until(() => expect(wall.sync.get()).toBe('stale'));
    expect(ids(setup)).toEqual(['b', 'a']);
    server.calls.delete('b');
    await until(() => expect(ids(setup)).toEqual(['a']));
  });

  it('asks again after a refusal that passes', async () => {
    const { client, server } = await setUp((fake) => {
      two(fake);
      fake.behave(refusing('calls:watch', 'busy', 2));
    });
    const wall = watchCalls(client);
    wall.retain();
    await until(() => expect(wall.sync.get()).toBe('live'));
    expect(server.commands('calls:watch')).toHaveLength(3);
  });

  it('says when it is not allowed, and does not insist', async () => {
    const { client, server } = await setUp((fake) => {
      fake.answers.set('calls:watch', () => refuse('forbidden'));
    });
    const wall = watchCalls(client);
    wall.retain();
    await until(() => expect(wall.refused.get()).toBe('forbidden'));
    expect([wall.sync.get(), server.commands('calls:watch').length]).toEqual(['stale', 1]);
  });

  it('that nobody looks at listens no more', async () => {
    const setup = await setUp(two);
    const { client, server } = setup;
    const wall = watchCalls(client);
    const undo = wall.retain();
    await until(() => expect(wall.sync.get()).toBe('live'));
    undo();
    undo();
    server.io.emit('calls:changed', { calls: [], removed: ['a', 'b'] });
    await until(() => expect(server.commands('calls:watch').at(-1)).toEqual({ watch: false }));
    await client.request('calls:watch', { watch: false }); // its answer comes after that event
    expect(ids(setup)).toEqual(['b', 'a']);
    wall.retain();
    await until(() => expect(server.commands('calls:watch')).toHaveLength(4));
    await until(() => expect(ids(setup)).toEqual(['b', 'a']));
  });
});
