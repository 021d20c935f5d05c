/** Several tabs of one agent: each sends its own, a dead one's are inherited. */
import { describe, expect, it } from 'vitest';
import { indexedDbOutbox } from '../src/outboxIdb.ts';
import { refuse } from './fakeServer.ts';
import { until, untilOnline } from './harness.ts';
import { agentId, given, kept, placeEachTest, server, tab, untilKept } from './outboxPlace.ts';

placeEachTest();

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
    await untilKept(0);
  });

  it('that knows its tenant replaces what was said before anybody knew, for good', async () => {
    let signIn = (): void => undefined;
    const token = new Promise<string>((done) => (signIn = () => done('token')));
    const first = tab(false, { getToken: () => token });
    first.feedback('c1', 'd1', true);
    await untilKept(1);
    const second = tab(true);
    await untilOnline(second);
    await second.feedback('c1', 'd1', false).settled;
    signIn();
    await untilOnline(first);
    await new Promise((done) => setTimeout(done, 30));
    first.disconnect();
    await new Promise((done) => setTimeout(done, 30));
    expect([given(), await kept()]).toEqual([[['d1', false]], []]);
  });

  it('may have taken an item: this one learns from the log what became of it', async () => {
    const client = tab(true);
    await untilOnline(client);
    let answer = (): void => undefined;
    server.answers.set(
      'doc:feedback',
      () => new Promise((done) => (answer = () => done(refuse('busy', { retry_after_ms: 5 })))),
    );
    const mutation = client.feedback('c1', 'd1', true);
    await until(() => expect(given()).toHaveLength(1));
    await indexedDbOutbox().delete(mutation.id); // as its new owner does after sending it
    answer();
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
