/** The provider, the connection and listeners under StrictMode, against a real Socket.IO server. */
import { createClient } from '@earshot/client';
import { act, render, renderHook } from '@testing-library/react';
import { renderToString } from 'react-dom/server';
import type { ReactNode } from 'react';
import { describe, expect, it, vi } from 'vitest';
import {
  EarshotProvider,
  useCalls,
  useClient,
  useConnection,
  useServerEvent,
  useSession,
  useTranscriptIds,
} from '../src/index.ts';
import { Around, client, hook, origin, server, serveEachTest, until } from './harness.tsx';

serveEachTest();

describe('the provider', () => {
  it('opens one socket under StrictMode and closes it when it goes', async () => {
    const { result, unmount } = hook(useConnection);
    await until(() => expect(result.current.status).toBe('online'));
    expect(server.io.sockets.sockets.size).toBe(1);
    unmount();
    await until(() => expect(server.io.sockets.sockets.size).toBe(0));
  });

  it('keeps its socket when it is mounted anew at once, as hot reload does', async () => {
    const page = (n: number): ReactNode => <Around key={n}>{n}</Around>;
    const { rerender, unmount } = render(page(0));
    await until(() => expect(client.connection.get().status).toBe('online'));
    for (let n = 1; n <= 20; n += 1) rerender(page(n));
    await new Promise((done) => setTimeout(done, 20));
    expect([server.handshakes.length, client.connection.get().status]).toEqual([1, 'online']);
    unmount();
    await until(() => expect(client.connection.get().status).toBe('closed'));
  });

  it('connects another client when it is given another', async () => {
    const second = createClient({ url: origin, agentId: 'agent-2', getToken: async () => 't' });
    const { rerender } = render(<EarshotProvider client={client} />);
    await until(() => expect(client.connection.get().status).toBe('online'));
    rerender(<EarshotProvider client={second} />);
    await until(() => expect(second.connection.get().status).toBe('online'));
    await until(() => expect(client.connection.get().status).toBe('closed'));
    expect(server.io.sockets.sockets.size).toBe(1);
    second.disconnect();
  });

  it('hydrates what a server rendered without a mismatch', async () => {
    function Page(): ReactNode {
      return <p>{`${useConnection().status} ${useSession()?.role ?? 'nobody'}`}</p>;
    }
    const page = <Around children={<Page />} />;
    const complaints = vi.spyOn(console, 'error');
    const container = document.createElement('div');
    container.innerHTML = renderToString(page);
    render(page, { container, hydrate: true });
    await until(() => expect(container.textContent).toBe('online agent'));
    expect(complaints).not.toHaveBeenCalled();
    complaints.mockRestore();
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

describe('the connection', () => {
  it('is lost only after it was away for long', async () => {
    const { result } = hook(useConnection);
    await until(() => expect(result.current.status).toBe('online'));
    // Not the date: the client, which is older than that, would go on with the real one.
    vi.useFakeTimers({ shouldAdvanceTime: true, toFake: ['setTimeout', 'clearTimeout'] });
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
