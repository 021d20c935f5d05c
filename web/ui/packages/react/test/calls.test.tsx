/** What the hooks show of a call, under StrictMode, against a real Socket.IO server. */
import { act, render, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { beforeEach, describe, expect, it } from 'vitest';
import { refuse } from '../../client/test/fakeServer.ts';
import {
  useCall,
  useCalls,
  useConnection,
  useDismiss,
  useFeedback,
  useFills,
  useHealth,
  useOutbox,
  useSeen,
  useSegment,
  useSuggestions,
  useTranscriptIds,
  useWatchedCalls,
  useWatchers,
} from '../src/index.ts';
import { Around, client, hook, server, serveEachTest, until } from './harness.tsx';

serveEachTest();

describe('a call', () => {
  beforeEach(() => {
    server.call('c1').say({ segment_id: 's1', text: 'Hello' });
  });

  it('is listed, followed, and left when nobody shows it', async () => {
    const { result } = hook(() => ({ calls: useCalls(), call: useCall('c1') }));
    await until(() => expect(result.current.call.sync).toBe('live'));
    expect(result.current.calls.map((row) => row.call_id)).toEqual(['c1']);
    expect(result.current.call.info?.status).toBe('active');
    expect(server.commands('call:subscribe')).toHaveLength(1);
  });

  it('that is none shows nothing', () => {
    const { result } = hook(() => [useCall(null).info, useTranscriptIds(null)]);
    expect(result.current).toEqual([null, []]);
  });

  it('renders one row for an interim text, and not the list', async () => {
    const renders = { list: 0, s1: 0, s2: 0 };
    function Row({ id }: { id: 's1' | 's2' }): ReactNode {
      renders[id] += 1;
      return <p>{useSegment('c1', id)?.text}</p>;
    }
    function List(): ReactNode {
      renders.list += 1;
      return useTranscriptIds('c1').map((id) => <Row key={id} id={id as 's1' | 's2'} />);
    }
    render(<List />, { wrapper: Around });
    await until(() => expect(screen.queryByText('Hello')).not.toBeNull());
    server.interim('c1', { segment_id: 's2', revision: 1, text: 'my' });
    await until(() => expect(screen.queryByText('my')).not.toBeNull());
    const before = { ...renders };
    server.interim('c1', { segment_id: 's2', revision: 2, text: 'my bill' });
    await until(() => expect(screen.queryByText('my bill')).not.toBeNull());
    expect([renders.list, renders.s1]).toEqual([before.list, before.s1]);
    expect(renders.s2).toBeGreaterThan(before.s2);
  });
});

describe('feedback', () => {
  it('is optimistic, and rolled back when refused', async () => {
    server.call('c1').suggest({
      documents: [{ id: 'd1', title: 'A', excerpt: '', relevance: 1 }],
    });
    let answer: () => void = () => undefined;
    server.answers.set(
      'doc:feedback',
      () => new Promise((resolve) => (answer = () => resolve(refuse('forbidden')))),
    );
    const { result } = hook(() => ({
      cards: useSuggestions('c1'),
      give: useFeedback('c1'),
      connection: useConnection(),
    }));
    await until(() => expect(result.current.cards).toHaveLength(1));
    await until(() => expect(result.current.connection.status).toBe('online'));
    const mutation = result.current.give('d1', true);
    await until(() => expect(result.current.cards[0]?.helpful).toBe(true));
    await until(() => expect(server.commands('doc:feedback')).toHaveLength(1));
    answer();
    await expect(mutation.settled).rejects.toMatchObject({ code: 'forbidden' });
    await until(() => expect(result.current.cards[0]?.helpful).toBeNull());
  });
});

describe('a card', () => {
  it('that is dismissed goes at once, and what was done with it is told', async () => {
    const documents = [{ id: 'd1', title: 'A', excerpt: '', relevance: 1 }];
    server.call('c1').suggest({ documents });
    const { result } = hook(() => ({
      ...{ cards: useSuggestions('c1'), dismiss: useDismiss('c1'), seen: useSeen('c1') },
      outbox: useOutbox(),
    }));
    await until(() => expect(result.current.cards).toHaveLength(1));
    act(() => {
      result.current.seen('d1', 'opened');
      result.current.dismiss('d1');
    });
    await until(() => expect(result.current.cards).toEqual([]));
    await until(() => expect(result.current.outbox).toMatchObject({ pending: 0, failed: [] }));
    await until(() => expect(server.commands('doc:seen')).toHaveLength(2));
  });

  it('whose verdict waits is counted, and how long it has waited', async () => {
    server.accepts = () => 'unavailable';
    const { result } = hook(useOutbox);
    const { created_at } = await (async () => {
      client.feedback('c1', 'd1', true);
      await until(() => expect(result.current.pending).toBe(1));
      return result.current.items[0] ?? { created_at: 0 };
    })();
    expect(result.current.oldestMs).toBeLessThanOrEqual(Date.now() - created_at);
  });
});

describe('what else is known of a call', () => {
  it('is its health, who watches, and where lines were filled in', async () => {
    server.call('c1').say({ segment_id: 's1', timestamp: new Date().toISOString() });
    const { result } = hook(() => ({
      ...{ health: useHealth('c1'), watchers: useWatchers('c1'), fills: useFills('c1') },
      ids: useTranscriptIds('c1'),
    }));
    await until(() => expect(result.current.ids).toEqual(['s1']));
    expect([result.current.health, result.current.watchers]).toEqual([null, []]);
    const health = { call_id: 'c1', transcription: 'silent', suggestions: 'ok' };
    server.send('c1', { name: 'call:health', body: health });
    const watchers = [{ agent_id: 'boss', role: 'supervisor' }];
    server.send('c1', { name: 'call:watchers', body: { call_id: 'c1', watchers } });
    await until(() => expect(result.current).toMatchObject({ health, watchers }));
    server.cut();
    await until(() => expect(client.call('c1').sync.get()).toBe('stale'));
    server.call('c1').say({ segment_id: 's2', timestamp: new Date().toISOString() });
    await until(() => expect(result.current.fills).toMatchObject([{ segment_id: 's2', count: 1 }]));
  });

  it('is on the wall of a supervisor', async () => {
    server.call('c1');
    const { result, unmount } = hook(() => useWatchedCalls({ status: 'active' }));
    await until(() => expect(result.current.sync).toBe('live'));
    expect(result.current.calls.map((call) => call.call_id)).toEqual(['c1']);
    expect(server.commands('calls:watch')).toEqual([{ filter: { status: 'active' } }]);
    unmount();
  });
});
