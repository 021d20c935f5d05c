// @vitest-environment happy-dom
/** What the browser says of the network and the page. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { setUp, until, untilOnline, untilStatus } from './harness.ts';

let online = true;
vi.spyOn(navigator, 'onLine', 'get').mockImplementation(() => online);

afterEach(() => {
  online = true;
  vi.useRealTimers();
});

const NEVER = { baseMs: 60_000, maxMs: 60_000, tokenGapMs: 10, random: () => 0.9 };

function browserSays(now: boolean): void {
  online = now;
  window.dispatchEvent(new Event(now ? 'online' : 'offline'));
}

describe('the browser', () => {
  it('without a network ends a connection that does not know it yet; with one it is back', async () => {
    const backoff = { ...NEVER, random: () => 0 };
    const { client, server } = await setUp(() => undefined, { backoff });
    await untilOnline(client);
    online = false;
    server.answers.set('agent:connect', () => 'silence'); // as if nothing came through
    browserSays(false);
    expect(client.connection.get()).toMatchObject({ status: 'offline' });
    server.answers.clear();
    server.cut();
    browserSays(true);
    await untilOnline(client);
  });

  it('with a network again does not wait for the timer', async () => {
    const { client, server } = await setUp(() => undefined, { backoff: NEVER });
    await untilOnline(client);
    server.cut();
    await untilStatus(client, 'reconnecting');
    const before = client.connection.get();
    browserSays(true);
    const after = client.connection.get();
    const wait = (at: typeof after): number => ('retryAt' in at ? at.retryAt - Date.now() : 0);
    expect(wait(before)).toBeGreaterThan(50_000);
    expect(wait(after)).toBeLessThanOrEqual(1_000);
    await untilOnline(client);
  });

  it.each([
    ['shows the page again', () => document.dispatchEvent(new Event('visibilitychange'))],
    ['brings the page back from its cache', () => window.dispatchEvent(new Event('pageshow'))],
    ['thaws the page', () => document.dispatchEvent(new Event('resume'))],
  ])('that %s leaves a socket that was silent for too long', async (_what, happens) => {
    const { client, server } = await setUp();
    await untilOnline(client);
    happens();
    expect(client.connection.get().status).toBe('online');
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 600_000); // the lid was closed
    happens();
    expect(client.connection.get()).toMatchObject({ status: 'reconnecting', cause: 'silent' });
    await until(() => expect(server.handshakes).toHaveLength(2));
    await untilOnline(client);
  });

  it('says nothing when the lid was closed: the clock has jumped', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    const { client } = await setUp();
    await untilOnline(client);
    vi.advanceTimersByTime(20_000); // a silence that a live server may keep
    expect(client.connection.get().status).toBe('online');
    vi.setSystemTime(Date.now() + 600_000);
    vi.advanceTimersByTime(1_000);
    expect(client.connection.get()).toMatchObject({ status: 'reconnecting', cause: 'silent' });
    vi.useRealTimers();
    await untilOnline(client);
  });

  it('is listened to only while connected', async () => {
    const { client, server } = await setUp();
    await untilOnline(client);
    client.disconnect();
    browserSays(true);
    browserSays(false);
    expect(client.connection.get().status).toBe('closed');
    expect(server.handshakes).toHaveLength(1);
  });
});

describe('a server that is silent', () => {
  it('when asked is taken for gone', async () => {
    const { client, server } = await setUp((fake) => {
      fake.answers.set('calls:watch', () => 'silence');
    });
    await untilOnline(client);
    await new Promise((done) => setTimeout(done, 5));
    await expect(client.request('calls:watch', {}, 20)).rejects.toMatchObject({ code: 'timeout' });
    await until(() => expect(server.handshakes).toHaveLength(2));
    await untilOnline(client);
  });

  it('to one question but not otherwise is kept', async () => {
    const { client, server } = await setUp((fake) => {
      fake.answers.set('calls:watch', () => 'silence');
    });
    await untilOnline(client);
    const asked = expect(client.request('calls:watch', {}, 400)).rejects.toThrow('No answer');
    server.io.emit('call:unassigned', { call_id: 'c9' }); // at once: heard long before that
    await asked;
    expect([server.handshakes.length, client.connection.get().status]).toEqual([1, 'online']);
  });

  it('after its goodbye is left', async () => {
    const { client, server } = await setUp();
    await untilOnline(client);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    server.io.emit('session:closing', { code: 'draining', reconnect: true, after_ms: 5 });
    await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
    await vi.advanceTimersByTimeAsync(3_500);
    vi.useRealTimers();
    await until(() => expect(server.handshakes).toHaveLength(2));
    await untilOnline(client);
  });
});
