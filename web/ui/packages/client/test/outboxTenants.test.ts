/** Two tenants whose agents have the same name, in one browser: nobody sends another's verdict. */
import { describe, expect, it, vi } from 'vitest';
import { newId } from '../src/ids.ts';
import { indexedDbOutbox } from '../src/outboxIdb.ts';
import type { StoredItem } from '../src/outboxStore.ts';
import { until, untilOnline, untilStatus } from './harness.ts';
import { agentId, given, kept, owner, placeEachTest, server, tab, untilKept } from './outboxPlace.ts';

placeEachTest();

/** A page of this tenant gave a verdict on d1 and is closed before it was sent. */
async function leaveBehind(tenant: string): Promise<void> {
  server.tenant = tenant;
  const page = tab(true);
  await untilOnline(page);
  server.answers.set('doc:feedback', () => 'silence');
  page.feedback('c1', 'd1', true);
  await untilKept(1);
  page.disconnect();
  server.answers.clear();
  server.heard.length = 0;
}

/** As versions kept it that did not know of tenants. */
function oldRow(call_id: string): StoredItem {
  const item = { id: newId(), owner: owner(), tab: 'a dead one', call_id, doc_id: 'd1' };
  return { ...item, helpful: true, dismissed: false, created_at: Date.now(), attempts: 0 };
}

describe("another tenant's verdict", () => {
  it('is left where it is, and sent by a page of its own tenant', async () => {
    await leaveBehind('north');
    server.tenant = 'south';
    const other = tab(true);
    await untilOnline(other);
    await until(() => expect(other.outbox.get()).toEqual([]));
    other.feedback('c1', 'd2', false);
    await until(() => expect(given()).toEqual([['d2', false]]));
    await untilKept(1);
    expect(other.failed.get()).toEqual([]);
    other.disconnect();
    server.tenant = 'north';
    tab(true);
    await until(() => expect(given()).toEqual([['d2', false], ['d1', true]]));
    await untilKept(0);
  });

  it('is neither replaced by one on the same document nor shown on its card', async () => {
    await leaveBehind('north');
    server.tenant = 'south';
    const other = tab(true);
    await untilOnline(other);
    const { suggestions } = other.call('c1');
    await until(() => expect(suggestions.get()[0]).toMatchObject({ helpful: null, pending: false }));
    await other.feedback('c1', 'd1', false).settled;
    expect(await kept()).toMatchObject([{ doc_id: 'd1', helpful: true, tenant: 'north' }]);
  });

  it('outlives a sign-out', async () => {
    await leaveBehind('north');
    server.tenant = 'south';
    const other = tab(true);
    await untilOnline(other);
    await other.signOut();
    expect(await kept()).toMatchObject([{ tenant: 'north' }]);
  });

  it('is not sent by the page that gave it, when that goes on in another tenant', async () => {
    server.tenant = 'north';
    const page = tab(true);
    await untilOnline(page);
    page.disconnect();
    const mutation = page.feedback('c1', 'd1', true);
    await untilKept(1);
    server.tenant = 'south';
    page.connect();
    await untilOnline(page);
    await expect(mutation.settled).rejects.toMatchObject({ code: 'cancelled' });
    expect([given(), page.outbox.get(), page.failed.get()]).toEqual([[], [], []]);
    await untilKept(1);
  });

  it('is not sent when the session changes while the store is asked', async () => {
    const store = indexedDbOutbox();
    let answer = (): void => undefined;
    const asked = new Promise<void>((done) => (answer = done));
    const take = vi.fn((id: string, by: string) => asked.then(() => store.take(id, by)));
    server.tenant = 'north';
    const page = tab(true, { outbox: { store: { ...store, take } } });
    await untilOnline(page);
    const mutation = page.feedback('c1', 'd1', true);
    await until(() => expect(take).toHaveBeenCalled());
    page.disconnect();
    server.tenant = 'south';
    page.connect();
    await untilOnline(page);
    answer();
    await expect(mutation.settled).rejects.toMatchObject({ code: 'cancelled' });
    await page.feedback('c1', 'd2', true).settled; // what would be sent was sent before it
    expect([given(), page.failed.get()]).toEqual([[['d2', true]], []]);
    await untilKept(1);
  });
});

describe('a verdict of which no tenant is known', () => {
  it('because there was no session yet is of the first one', async () => {
    server.tenant = 'north';
    const page = tab(true);
    const { settled } = page.feedback('c1', 'd1', true);
    await settled;
    expect(given()).toEqual([['d1', true]]);
  });

  it('since an older version kept it is sent in the next session', async () => {
    await indexedDbOutbox().put(oldRow('c1'));
    tab(true);
    await until(() => expect(given()).toEqual([['d1', true]]));
    await untilKept(0);
  });

  it('and of which this one knows no call stays for another tenant', async () => {
    await indexedDbOutbox().put(oldRow('c2'));
    server.tenant = 'south';
    const page = tab(true);
    await until(() => expect(given()).toEqual([['d1', true]]));
    await until(() => expect(page.outbox.get()).toEqual([]));
    await untilKept(1);
    page.disconnect();
    server.call('c2');
    server.tenant = 'north';
    tab(true);
    await until(() => expect(given()).toHaveLength(2));
    await untilKept(0);
  });

  it('is sent as ever where the server names no tenant', async () => {
    server.tenant = undefined;
    const before = tab(false);
    before.feedback('c1', 'd1', true);
    await untilKept(1);
    before.disconnect();
    const after = tab(true);
    await untilStatus(after, 'online');
    await until(() => expect(given()).toEqual([['d1', true]]));
    expect(agentId).toBe(after.agentId);
  });
});
