/** Ends that nobody heals by trying again, and those that only look like it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { createClient, type Client } from '../src/index.ts';
import { createTokens } from '../src/tokens.ts';
import { onCleanup, setUp, until, untilOnline, untilStatus } from './harness.ts';

const ORIGIN = {
  ...{ code: 'forbidden', field: 'origin', retryable: false },
  message: 'The server takes no pages of this origin',
};

/** A client of a server that answers every handshake so. */
async function refusedWith(status: number, body: string) {
  let asked = 0;
  const http = createServer((_request, response) => {
    asked += 1;
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
  const getToken = vi.fn(async () => 'token');
  const client: Client = createClient({
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    agentId: 'agent-1',
    getToken,
    backoff: { baseMs: 20, maxMs: 40, random: () => 0.5 },
    flush: queueMicrotask,
  });
  onCleanup(() => http.close());
  onCleanup(() => client.disconnect());
  client.connect();
  return { client, getToken, asked: () => asked };
}

describe('a page that the server takes none of', () => {
  it('is told why, asks no more, and asks again when somebody wants it', async () => {
    const { client, getToken, asked } = await refusedWith(403, JSON.stringify({ error: ORIGIN }));
    const refused = { status: 'closed', reason: 'forbidden', message: ORIGIN.message };
    await until(() => expect(client.connection.get()).toEqual(refused));
    expect([asked(), getToken.mock.calls.length]).toEqual([2, 1]); // a WebSocket, then polling
    client.retryNow();
    expect(client.connection.get().status).toBe('connecting');
    await until(() => expect(client.connection.get()).toEqual(refused));
    expect(getToken).toHaveBeenCalledTimes(1);
  });
});

describe('a refusal that passes', () => {
  it.each([
    ['of a node that leaves', { code: 'draining', message: '', retryable: true }, 'draining'],
    ["of a gateway, with a code of its own", { code: 503, message: 'no upstream' }, 'not_connected'],
  ])('%s is waited out', async (_who, error, cause) => {
    const { client } = await refusedWith(503, JSON.stringify({ error }));
    await until(() => {
      expect(client.connection.get()).toMatchObject({ status: 'reconnecting', attempt: 2, cause });
    });
  });

  it('is waited for as long as it says, and then not by all at once', async () => {
    const error = { code: 'busy', message: '', retryable: true, retry_after_ms: 60_000 };
    const { client } = await refusedWith(503, JSON.stringify({ error }));
    await untilStatus(client, 'reconnecting');
    const now = client.connection.get();
    const wait = ('retryAt' in now ? now.retryAt : 0) - Date.now();
    expect(wait).toBeGreaterThan(60_000 - 3_000);
  });
});

describe('getToken', () => {
  it.each([new TypeError('Failed to fetch'), undefined, 'no'])(
    'that throws %s is asked again, and the state says that there is no token',
    async (problem) => {
      const getToken = vi.fn(() => Promise.reject(problem) as Promise<string>);
      const { client, server } = await setUp(() => undefined, { getToken });
      await until(() => {
        expect(client.connection.get()).toMatchObject({ status: 'reconnecting', cause: 'no_token' });
      });
      await until(() => expect(getToken.mock.calls.length).toBeGreaterThan(1));
      expect(server.handshakes).toEqual([]);
    },
  );

  it('that gives what is no JWT ends in auth-required and the reason, without a loop', async () => {
    const { client, server, getToken } = await setUp((fake) => {
      fake.accepts = (token) => (token.includes('.') ? undefined : 'unauthenticated');
    });
    await until(() =>
      expect(client.connection.get()).toEqual({
        ...{ status: 'auth-required', code: 'unauthenticated', message: 'unauthenticated' },
      }),
    );
    expect([getToken.mock.calls.length, server.handshakes.length]).toEqual([2, 2]);
    getToken.mockResolvedValue('a.b.c');
    client.connect();
    await untilOnline(client);
  });

  it('is not waited for by a clock that was set back', async () => {
    vi.useFakeTimers();
    let now = 10_000_000;
    const getToken = vi.fn(async () => 'token');
    const tokens = createTokens(getToken, 5_000, () => now);
    const { signal } = new AbortController();
    await tokens.renew(signal);
    now -= 3_600_000;
    const second = tokens.renew(signal);
    await vi.advanceTimersByTimeAsync(5_000);
    await second;
    expect(getToken).toHaveBeenCalledTimes(2);
    vi.useRealTimers();
  });
});

describe('a client that is stopped while it connects', () => {
  it('by an event that came with the connection leaves no socket behind', async () => {
    const { client, server } = await setUp((fake) => {
      fake.transports = ['polling'];
      fake.io.on('connection', (socket) => socket.emit('call:unassigned', { call_id: 'c9' }));
    });
    const heard = vi.fn(() => client.disconnect());
    client.on('call:unassigned', heard);
    await until(() => expect(heard).toHaveBeenCalled());
    await until(() => expect(server.io.sockets.sockets.size).toBe(0));
    expect(client.connection.get().status).toBe('closed');
    expect(server.commands('agent:connect')).toEqual([]);
  });
});
