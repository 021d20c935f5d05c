/** The hooks under StrictMode, against the real client and a real Socket.IO server. */
import { createClient, type Client } from '@earshot/client';
import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react';
import { renderToString } from 'react-dom/server';
import { StrictMode, type ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { refuse, startFakeServer, type FakeServer } from '../../client/test/fakeServer.ts';
import {
  EarshotProvider,
  useCall,
  useCalls,
  useClient,
  useConnection,
  useFeedback,
  useSegment,
  useServerEvent,
  useSuggestions,
  useTranscriptIds,
} from '../src/index.ts';

let server: FakeServer;
let client: Client;
let stop: () => Promise<void>;

beforeEach(async () => {
  const started = await startFakeServer();
  ({ server, stop } = started);
  const { url } = started;
  const backoff = { baseMs: 20, maxMs: 40, random: () => 0.5 };
  client = createClient({ url, agentId: 'agent-1', getToken: async () => 'token', backoff });
});

afterEach(async () => {
  vi.useRealTimers();
  cleanup();
  client.disconnect();
  await stop();
});

function Around({ children }: { children: ReactNode }): ReactNode {
  return (
    <StrictMode>
      <EarshotProvider client={client}>{children}</EarshotProvider>
    </StrictMode>
  );
}

function until(check: () => void): Promise<void> {
  return waitFor(check, { timeout: 3_000, interval: 5 });
}

function hook<T>(use: () => T): { result: { current: T }; unmount: () => void } {
  return renderHook(use, { wrapper: Around });
}

describe('the provider', () => {
  it('opens one socket under StrictMode and closes it when it goes', async () => {
    const { result, unmount } = hook(useConnection);
    await until(() => expect(result.current.status).toBe('online'));
    expect(server.io.sockets.sockets.size).toBe(1);
    unmount();
    await until(() => expect(server.io.sockets.sockets.size).toBe(0));
  });

  it('is asked for by name when a hook has none above it', () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    expect(() => renderHook(useClient)).toThrow('EarshotProvider');
    vi.restoreAllMocks();
  });

  it('renders on a server without opening anything', () => {
    function Page(): ReactNode {
      return `${useConnection().status} ${useCalls().length} ${useTranscriptIds('c1').length}`;
    }
    expect(renderToString(<Around children={<Page />} />)).toContain('idle 0 0');
    expect(server.handshakes).toEqual([]);
  });
});

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

describe('the connection', () => {
  it('is lost only after it was away for long', async () => {
    const { result } = hook(useConnection);
    await until(() => expect(result.current.status).toBe('online'));
    vi.useFakeTimers({ shouldAdvanceTime: true, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    server.close('draining', 60_000);
    await until(() => expect(result.current.status).toBe('reconnecting'));
    expect(result.current.isLost).toBe(false);
    act(() => void vi.advanceTimersByTime(5_000));
    expect(result.current.isLost).toBe(true);
    result.current.retryNow();
    await until(() => expect(result.current.status).toBe('online'));
    expect(result.current.isLost).toBe(false);
  });
});

describe('a listener of events', () => {
  it('is the newest function, subscribed once', async () => {
    const heard: string[] = [];
    const on = vi.spyOn(client, 'on');
    const { rerender } = renderHook(
      ({ name }) => useServerEvent('call:unassigned', (body) => heard.push(name + body.call_id)),
      { wrapper: Around, initialProps: { name: 'old ' } },
    );
    await until(() => expect(client.connection.get().status).toBe('online'));
    const subscriptions = on.mock.calls.length;
    rerender({ name: 'new ' });
    server.io.emit('call:unassigned', { call_id: 'c7' });
    await until(() => expect(heard).toEqual(['new c7']));
    expect(on).toHaveBeenCalledTimes(subscriptions);
  });
});
