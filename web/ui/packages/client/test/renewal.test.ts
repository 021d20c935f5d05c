/** Tokens renewed in place before they end, and what happens when nobody gives another. */
import { describe, expect, it, vi } from 'vitest';
import { UnauthorizedError } from '../src/index.ts';
import { createTokens, TOKEN_TIMEOUT_MS } from '../src/tokens.ts';
import { setUp, until, untilOnline, untilStatus } from './harness.ts';

const expiring = { expires_at: new Date().toISOString() };

describe('a session', () => {
  it('gets a new token before its own ends, without a word of the server and without a gap', async () => {
    const { client, server, getToken } = await setUp((fake) => (fake.lifetimeMs = 100));
    await untilOnline(client);
    await until(() => expect(server.commands('agent:connect').length).toBeGreaterThan(2));
    expect(getToken.mock.calls[1]?.[0].reason).toBe('expired');
    expect([server.handshakes.length, client.connection.get().status]).toEqual([1, 'online']);
  });

  it('asks once when the server says so and its own timer is due too', async () => {
    const { client, server, getToken } = await setUp();
    await untilOnline(client);
    server.io.emit('session:expiring', expiring);
    server.io.emit('session:expiring', expiring);
    await until(() => expect(server.commands('agent:connect')).toHaveLength(2));
    expect(getToken).toHaveBeenCalledTimes(2);
  });

  it('whose renewal fails for a moment asks again', async () => {
    const { client, server, getToken } = await setUp();
    await untilOnline(client);
    getToken.mockRejectedValueOnce(new TypeError('fetch failed'));
    server.io.emit('session:expiring', expiring);
    await until(() => expect(server.commands('agent:connect')).toHaveLength(2));
    expect(getToken).toHaveBeenCalledTimes(3);
  });

  it('goes on to its end when nobody gives another token, then asks for a sign-in and no more', async () => {
    const { client, server, getToken } = await setUp();
    await untilOnline(client);
    getToken.mockRejectedValue(new UnauthorizedError());
    server.io.emit('session:expiring', expiring);
    await until(() => expect(getToken).toHaveBeenCalledTimes(2));
    expect(client.connection.get().status).toBe('online');
    server.close('expired');
    await until(() => {
      expect(client.connection.get()).toEqual({ status: 'auth-required', code: 'expired' });
    });
    expect(getToken).toHaveBeenCalledTimes(2);
  });

  it('keeps verdicts for after the sign-in', async () => {
    const { client, server, getToken } = await setUp((fake) => fake.call('c1'));
    await untilOnline(client);
    getToken.mockRejectedValueOnce(new UnauthorizedError());
    server.close('expired');
    await untilStatus(client, 'auth-required');
    const { settled } = client.feedback('c1', 'd1', true);
    expect(client.outbox.get()).toHaveLength(1);
    client.retryNow();
    await settled;
  });

  it('tells who it is to the server', async () => {
    const { client } = await setUp();
    expect(client.session.get()).toBeNull();
    await untilOnline(client);
    expect(client.session.get()).toMatchObject({ agent_id: 'agent-1', role: 'agent' });
  });
});

describe('getToken', () => {
  const GAP_MS = 5_000;

  it('is asked at once after the first token was refused, then only with a gap', async () => {
    vi.useFakeTimers();
    const getToken = vi.fn(async () => 'token');
    const tokens = createTokens(getToken, GAP_MS, Date.now);
    const { signal } = new AbortController();
    await tokens.get(signal);
    tokens.drop('rejected');
    await tokens.get(signal);
    tokens.drop('rejected');
    const third = tokens.get(signal);
    await vi.advanceTimersByTimeAsync(GAP_MS - 1);
    expect(getToken).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(1);
    await third;
    expect(getToken).toHaveBeenCalledTimes(3);
    vi.useRealTimers();
  });

  it('that never answers is given up, and its signal says so', async () => {
    vi.useFakeTimers();
    let heard: AbortSignal | undefined;
    const getToken = ({ signal }: { signal: AbortSignal }): Promise<string> => {
      heard = signal;
      return new Promise(() => undefined);
    };
    const tokens = createTokens(getToken, 0, Date.now);
    const asked = expect(tokens.get(new AbortController().signal)).rejects.toMatchObject({
      code: 'not_connected',
    });
    await vi.advanceTimersByTimeAsync(TOKEN_TIMEOUT_MS);
    await asked;
    expect(heard?.aborted).toBe(true);
    vi.useRealTimers();
  });

  it('is asked anew when the one who waited for it has gone', async () => {
    const answers: ((token: string) => void)[] = [];
    const tokens = createTokens(() => new Promise((done) => answers.push(done)), 0, Date.now);
    const first = new AbortController();
    const gone = expect(tokens.get(first.signal)).rejects.toThrow();
    first.abort();
    await gone;
    const second = tokens.get(new AbortController().signal);
    await until(() => expect(answers).toHaveLength(2));
    answers[1]?.('token');
    expect(await second).toBe('token');
  });
});
