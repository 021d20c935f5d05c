/** The connection: how it begins, ends, comes back, and when it stops asking. */
import { describe, expect, it, vi } from 'vitest';
import { createClient, UnauthorizedError } from '../src/index.ts';
import { refuse, startFakeServer } from './fakeServer.ts';
import { onCleanup, setUp, until, untilOnline, untilStatus } from './harness.ts';

describe('a new connection', () => {
  it('does nothing before connect()', async () => {
    const { server, url, stop } = await startFakeServer();
    onCleanup(stop);
    const getToken = vi.fn(async () => 'token');
    const client = createClient({ url, agentId: 'agent-1', getToken });
    client.call('c1').retain();
    client.retryNow();
    await new Promise(setImmediate);
    expect(client.connection.get()).toEqual({ status: 'idle' });
    expect(getToken).not.toHaveBeenCalled();
    expect(server.handshakes).toEqual([]);
  });

  it('gives its token in the handshake and in agent:connect, and is online after the answer', async () => {
    const { client, server, getToken } = await setUp((fake) => fake.call('c1'));
    expect(client.connection.get().status).toBe('connecting');
    await untilOnline(client);
    expect(server.handshakes).toEqual(['token-1']);
    expect(server.commands('agent:connect')).toEqual([
      { agent_id: 'agent-1', auth_token: 'token-1', client_id: 'tab-1' },
    ]);
    expect(client.calls.get().map((call) => call.call_id)).toEqual(['c1']);
    expect(getToken.mock.calls[0]?.[0].reason).toBe('initial');
  });

  it("knows the server's clock from the session", async () => {
    const { client } = await setUp((fake) => (fake.skewMs = 300_000));
    await untilOnline(client);
    expect(Math.abs(client.serverNow() - Date.now() - 300_000)).toBeLessThan(10_000);
  });

  it('refuses a request at once while there is no session', async () => {
    const { client } = await setUp();
    await expect(client.request('calls:watch', {})).rejects.toMatchObject({
      code: 'not_connected',
      retryable: true,
    });
  });

  it('answers a request that the server never answers with a time-out', async () => {
    const { client } = await setUp((fake) => fake.answers.set('calls:watch', () => 'silence'));
    await untilOnline(client);
    await expect(client.request('calls:watch', {}, 20)).rejects.toMatchObject({ code: 'timeout' });
  });
});

describe('a lost connection', () => {
  it('comes back by itself, with the same token', async () => {
    const { client, server, getToken } = await setUp();
    await untilOnline(client);
    server.cut();
    await untilStatus(client, 'reconnecting');
    await untilOnline(client);
    expect(server.handshakes).toEqual(['token-1', 'token-1']);
    expect(getToken).toHaveBeenCalledTimes(1);
  });

  it('says since when, how often and why while the server is away, and finds it again', async () => {
    const { client, port, stopServer } = await setUp();
    await untilOnline(client);
    await stopServer();
    await until(() => {
      const now = client.connection.get();
      expect(now).toMatchObject({ status: 'reconnecting', cause: 'not_connected' });
      expect(now.status === 'reconnecting' && now.attempt).toBeGreaterThan(1);
    });
    const again = await startFakeServer(port);
    onCleanup(again.stop);
    await untilOnline(client);
    expect(again.server.handshakes).toEqual(['token-1']);
  });

  it('waits as long as a draining server asked', async () => {
    const { client, server } = await setUp();
    await untilOnline(client);
    const before = Date.now();
    server.close('draining', 120);
    await until(() =>
      expect(client.connection.get()).toMatchObject({ status: 'reconnecting', cause: 'draining' }),
    );
    await untilOnline(client);
    expect(Date.now() - before).toBeGreaterThanOrEqual(120);
  });

  it('does not wait when it is told to try now', async () => {
    const { client, server } = await setUp();
    await untilOnline(client);
    server.close('draining', 60_000);
    await untilStatus(client, 'reconnecting');
    client.retryNow();
    await untilOnline(client);
  });

  it('is tried again after a refusal that passes', async () => {
    let left = 2;
    const { client, server } = await setUp((fake) => {
      fake.answers.set('agent:connect', () =>
        (left -= 1) < 0 ? undefined : refuse('busy', { retry_after_ms: 5 }),
      );
    });
    await untilOnline(client);
    expect(server.commands('agent:connect')).toHaveLength(3);
  });

  it.each(['replaced', 'revoked'] as const)('stays away when the server said %s', async (code) => {
    const { client, server } = await setUp();
    await untilOnline(client);
    server.close(code);
    await until(() => expect(client.connection.get()).toEqual({ status: 'closed', reason: code }));
    expect(server.handshakes).toHaveLength(1);
    client.retryNow();
    await untilOnline(client);
  });
});

describe('a token', () => {
  it('that the handshake refuses is renewed once, then it works', async () => {
    const { client, getToken } = await setUp((fake) => {
      fake.accepts = (token) => (token === 'token-1' ? 'unauthenticated' : undefined);
    });
    await untilOnline(client);
    expect(getToken.mock.calls.map(([context]) => context.reason)).toEqual(['initial', 'rejected']);
  });

  it('that is refused twice ends in auth-required, without a loop', async () => {
    const { client, server, getToken } = await setUp((fake) => (fake.accepts = () => 'expired'));
    await until(() =>
      expect(client.connection.get()).toMatchObject({ status: 'auth-required', code: 'expired' }),
    );
    await until(() => expect(server.handshakes).toEqual(['token-1', 'token-2']));
    expect(getToken).toHaveBeenCalledTimes(2);
    server.accepts = () => undefined;
    client.retryNow();
    await untilOnline(client);
    expect(getToken.mock.calls.at(-1)?.[0].reason).toBe('rejected');
  });

  it('that nobody can give ends in auth-required', async () => {
    const getToken = vi.fn(() => Promise.reject(new UnauthorizedError()));
    const { client, server } = await setUp(() => undefined, { getToken });
    await untilStatus(client, 'auth-required');
    expect(getToken).toHaveBeenCalledTimes(1);
    expect(server.handshakes).toEqual([]);
  });

  it('that cannot be fetched just now is asked for again', async () => {
    const getToken = vi.fn(async () => 'late-token');
    getToken.mockRejectedValueOnce(new TypeError('fetch failed'));
    const { client } = await setUp(() => undefined, { getToken });
    await untilOnline(client);
    expect(getToken).toHaveBeenCalledTimes(2);
  });

  it('that is about to end is renewed in place, on the same connection', async () => {
    const { client, server, getToken } = await setUp();
    await untilOnline(client);
    server.io.emit('session:expiring', { expires_at: new Date().toISOString() });
    await until(() => expect(server.commands('agent:connect')).toHaveLength(2));
    expect(server.commands('agent:connect')[1]).toMatchObject({ auth_token: 'token-2' });
    expect(getToken.mock.calls[1]?.[0].reason).toBe('expired');
    expect(server.handshakes).toHaveLength(1);
    expect(client.connection.get().status).toBe('online');
  });

  it('that ended under a live connection is replaced and the connection comes back', async () => {
    const { client, server, getToken } = await setUp();
    await untilOnline(client);
    server.close('expired');
    await until(() => expect(server.handshakes).toEqual(['token-1', 'token-2']));
    await untilOnline(client);
    expect(getToken).toHaveBeenCalledTimes(2);
  });
});

describe('an end asked for', () => {
  it('closes the socket and never comes back', async () => {
    const { client, server } = await setUp();
    await untilOnline(client);
    client.disconnect('signed out');
    await until(() => expect(server.io.sockets.sockets.size).toBe(0));
    expect(client.connection.get()).toEqual({ status: 'closed', reason: 'signed out' });
  });

  it('during the attempt leaves no connection behind, and connect() starts a new one', async () => {
    const { client, server } = await setUp();
    client.disconnect();
    client.connect();
    await untilOnline(client);
    expect(server.io.sockets.sockets.size).toBe(1);
  });
});
