/** Verdicts: shown at once, sent until answered, once in effect, taken back when refused. */
import { describe, expect, it } from 'vitest';
import { refuse, type FakeServer } from './fakeServer.ts';
import { setUp, until, untilOnline, untilStatus, type Setup } from './harness.ts';

const DOCUMENTS = ['d1', 'd2'].map((id) => ({ id, title: id, excerpt: '', relevance: 0.5 }));

async function suggested(begin: (server: FakeServer) => void = () => undefined): Promise<Setup> {
  const setup = await setUp((server) => {
    server.call('c1').suggest({ documents: DOCUMENTS });
    begin(server);
  });
  setup.client.call('c1').retain();
  await untilOnline(setup.client);
  return setup;
}

function cards({ client }: Setup): (boolean | null | string)[] {
  const cardsNow = client.call('c1').suggestions.get();
  return cardsNow.flatMap((card) => [card.helpful, card.pending ? 'pending' : 'settled']);
}

function sent(server: FakeServer): unknown[] {
  return server.commands('doc:feedback').map((body) => body['helpful']);
}

describe('a verdict', () => {
  it('is shown before the server knows, and stays without a flash of the old state', async () => {
    const setup = await suggested((server) => (server.echoes.afterMs = null));
    const seen: string[] = [];
    const { suggestions } = setup.client.call('c1');
    suggestions.subscribe(() => seen.push(String(suggestions.get()[0]?.helpful)));
    const mutation = setup.client.feedback('c1', 'd1', true);
    expect(cards(setup)).toEqual([true, 'pending', null, 'settled']);
    await mutation.settled;
    expect(cards(setup)).toEqual([true, 'pending', null, 'settled']);
    setup.server.echoes.release();
    await until(() => expect(cards(setup)).toEqual([true, 'settled', null, 'settled']));
    expect(new Set(seen)).toEqual(new Set(['true']));
    expect(setup.client.outbox.get()).toEqual([]);
    expect(mutation.state.get()).toBe('acked');
  });

  it('changed at once is not undone on the screen by the echo of the first', async () => {
    const setup = await suggested((server) => (server.echoes.afterMs = null));
    await setup.client.feedback('c1', 'd1', true).settled;
    const { suggestions } = setup.client.call('c1');
    const seen: unknown[] = [];
    const changed = setup.client.feedback('c1', 'd1', false);
    suggestions.subscribe(() => seen.push(suggestions.get()[0]?.helpful));
    setup.server.echoes.release(); // of the first, as the second is on its way
    await changed.settled;
    setup.server.echoes.release();
    await until(() => expect(cards(setup)).toEqual([false, 'settled', null, 'settled']));
    expect(new Set(seen)).toEqual(new Set([false]));
  });

  it('can be taken back', async () => {
    const setup = await suggested();
    await setup.client.feedback('c1', 'd1', false).settled;
    await setup.client.feedback('c1', 'd1', null).settled;
    await until(() => expect(cards(setup)).toEqual([null, 'settled', null, 'settled']));
    expect(sent(setup.server)).toEqual([false, null]);
  });

  it('that is refused is rolled back; another one stays', async () => {
    const setup = await suggested((server) => {
      server.answers.set('doc:feedback', (body) =>
        body['doc_id'] === 'd1' ? refuse('forbidden', { field: 'doc_id' }) : undefined,
      );
    });
    const refused = setup.client.feedback('c1', 'd1', true);
    const taken = setup.client.feedback('c1', 'd2', true);
    expect(cards(setup)).toEqual([true, 'pending', true, 'pending']);
    await expect(refused.settled).rejects.toMatchObject({ code: 'forbidden', field: 'doc_id' });
    expect(cards(setup).slice(0, 2)).toEqual([null, 'settled']);
    await taken.settled;
    await until(() => expect(cards(setup)).toEqual([null, 'settled', true, 'settled']));
    expect([refused.state.get(), taken.state.get()]).toEqual(['rejected', 'acked']);
  });

  it('for a call that is not ours is not asked for again', async () => {
    const setup = await suggested((server) => {
      server.answers.set('doc:feedback', () => refuse('unknown_call'));
    });
    const mutation = setup.client.feedback('c1', 'd1', true);
    await expect(mutation.settled).rejects.toMatchObject({ code: 'unknown_call' });
    expect(sent(setup.server)).toHaveLength(1);
  });

  it('whose answer was lost is sent again with the same id and counts once', async () => {
    let lost = false;
    const setup = await suggested((server) => {
      server.answers.set('doc:feedback', (body) => {
        if (lost) return undefined;
        lost = true;
        const feedback_id = String(body['feedback_id']);
        const call = server.call('c1');
        const stored = call.verdict({ doc_id: 'd1', helpful: true, agent_id: 'agent-1' });
        call.ledger.set(feedback_id, stored.body.seq);
        setTimeout(() => server.cut(), 5);
        return 'silence';
      });
    });
    const mutation = setup.client.feedback('c1', 'd1', true);
    const receipt = await mutation.settled;
    const ids = setup.server.commands('doc:feedback').map((body) => body['feedback_id']);
    expect(ids).toEqual([mutation.id, mutation.id]);
    expect(receipt.feedback_id).toBe(mutation.id);
    const verdicts = setup.server.call('c1').events.filter((e) => e.name === 'feedback:update');
    expect(verdicts).toHaveLength(1);
    await until(() => expect(cards(setup).slice(0, 2)).toEqual([true, 'settled']));
  });

  it('given while offline waits; of several for one document only the last is sent', async () => {
    const setup = await suggested();
    const { client, server } = setup;
    server.close('draining', 60_000);
    await untilStatus(client, 'reconnecting');
    const given = [true, false, null, true].map((helpful) => client.feedback('c1', 'd1', helpful));
    client.feedback('c1', 'd2', false);
    expect(client.outbox.get().map((item) => item.helpful)).toEqual([true, false]);
    expect(cards(setup)).toEqual([true, 'pending', false, 'pending']);
    client.retryNow();
    const receipts = await Promise.all(given.map((mutation) => mutation.settled));
    expect(new Set(receipts.map((receipt) => receipt.seq)).size).toBe(1);
    await until(() => expect(client.outbox.get()).toEqual([]));
    expect(sent(server)).toEqual([true, false]);
  });

  it('is sent only after the session and the subscriptions are back', async () => {
    const { client, server } = await suggested();
    server.close('draining', 60_000);
    await untilStatus(client, 'reconnecting');
    const { settled } = client.feedback('c1', 'd1', true);
    server.heard.length = 0;
    client.retryNow();
    await settled;
    expect(server.heard.map((one) => one.name)).toEqual([
      'agent:connect',
      'call:subscribe',
      'doc:feedback',
    ]);
  });

  it('that the server is too busy for is sent again later', async () => {
    let refusals = 2;
    const { client, server } = await suggested((fake) => {
      fake.answers.set('doc:feedback', () =>
        (refusals -= 1) < 0 ? undefined : refuse('busy', { retry_after_ms: 5 }),
      );
    });
    await client.feedback('c1', 'd1', true).settled;
    expect(sent(server)).toEqual([true, true, true]);
  });

  it('is one at a time for a document, so that a quick change of mind ends as meant', async () => {
    const setup = await suggested();
    const all = [true, false, null].map((helpful) => setup.client.feedback('c1', 'd1', helpful));
    await Promise.all(all.map((mutation) => mutation.settled));
    await until(() => expect(cards(setup).slice(0, 2)).toEqual([null, 'settled']));
    expect(sent(setup.server)).toEqual([true, null]);
  });

  it('of another agent does not change mine; that of my other tab does', async () => {
    const setup = await suggested();
    const { server } = setup;
    server.call('c1').verdict({ doc_id: 'd1', helpful: false, agent_id: 'agent-9' });
    server.publish('c1');
    server.call('c1').verdict({ doc_id: 'd2', helpful: true, agent_id: 'agent-1' });
    server.publish('c1');
    await until(() => expect(cards(setup)).toEqual([null, 'settled', true, 'settled']));
  });

  it('is refused loudly when too many wait', async () => {
    const { client, server } = await suggested();
    server.close('draining', 60_000);
    await untilStatus(client, 'reconnecting');
    for (let n = 0; n < 200; n += 1) client.feedback('c1', `x${n}`, true);
    await expect(client.feedback('c1', 'one more', true).settled).rejects.toMatchObject({
      code: 'outbox_full',
    });
    expect(client.outbox.get()).toHaveLength(200);
  });
});

describe('a dismissed document', () => {
  it('leaves the cards', async () => {
    const { client, server } = await suggested();
    expect(client.call('c1').hasDismissed.get()).toBe(false);
    const dismissal = { doc_id: 'd1', helpful: null, dismissed: true, agent_id: 'agent-2' };
    server.call('c1').verdict(dismissal);
    server.publish('c1');
    await until(() => {
      expect(
        client
          .call('c1')
          .suggestions.get()
          .map((card) => card.id),
      ).toEqual(['d2']);
    });
    expect(client.call('c1').hasDismissed.get()).toBe(true);
  });
});
